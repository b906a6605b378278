// Puts `name.br` and `name.gz` beside each built file that gets smaller by it. The server sends them as they are, so it can
// afford the slowest and best compression here.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXTS = /\.(css|html|js|json|map|svg|txt|webmanifest)$/;
/** Smaller files are not worth a header. The server thinks the same. */
const WORTH_IT = 1024;

function compress(file: string) {
  const content = readFileSync(file);
  if (!TEXTS.test(file) || content.length < WORTH_IT) return;
  const brotli = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  for (const [ending, copy] of [
    [".br", brotli],
    [".gz", gzipSync(content, { level: 9 })],
  ] as const) {
    if (copy.length < content.length) writeFileSync(file + ending, copy);
  }
}

function walk(directory: string) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) walk(path);
    else compress(path);
  }
}

export function compressed(): Plugin {
  let directory = "";
  return {
    name: "compressed-copies",
    apply: "build",
    configResolved: (config) => {
      directory = join(config.root, config.build.outDir);
    },
    // Last of all: what comes from `public/` is there, too. After a failed build there is nothing.
    closeBundle: { order: "post", sequential: true, handler: (error) => (error ? undefined : walk(directory)) },
  };
}
