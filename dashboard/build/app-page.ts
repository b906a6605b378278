// What every page of an app loads: a limit on its script, and its addresses for whoever wants to fetch it early.
import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

/** Most bytes of script (gzip) that a page of an app may load before it shows its first component. */
const LIMIT = 250_000;
const MAIN = "/src/main.tsx";
const APP_PAGE = "/src/app/AppPage.tsx";
/** What the page loads at once, besides the entry; all other parts come when they are shown. */
const PARTS = [MAIN, APP_PAGE, ...["Dialogs", "StatusControl", "LeaveDialog"].map((name) => `/src/app/${name}.tsx`)];

/** The chunk that has a module. */
function chunkOf(path: string, chunks: Map<string, Rollup.OutputChunk>): string {
  for (const [name, { moduleIds }] of chunks) if (moduleIds.some((id) => id.endsWith(path))) return name;
  throw new Error(`no chunk has ${path}: has it moved? build/app-page.ts names it`);
}

function chunksOf(bundle: Rollup.OutputBundle): Map<string, Rollup.OutputChunk> {
  const all = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? [file] : []));
  return new Map(all.map((chunk) => [chunk.fileName, chunk]));
}

/** `names` and all that they import, in this order. */
function withImports(names: Iterable<string>, chunks: Map<string, Rollup.OutputChunk>): Set<string> {
  const all = new Set(names);
  // A set takes what is added while it is walked through.
  for (const name of all) for (const imported of chunks.get(name)?.imports ?? []) all.add(imported);
  return all;
}

const entriesOf = (chunks: Map<string, Rollup.OutputChunk>) =>
  [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);

/** Fails the build beyond the limit, and has the rest of the script fetched beside the entry, not after it (see `public/first.js`). */
export function appPage(): Plugin {
  return {
    name: "app-page",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const chunks = chunksOf(bundle ?? {});
        const entry = withImports(entriesOf(chunks), chunks);
        const main = withImports([chunkOf(MAIN, chunks)], chunks);
        const page = withImports([chunkOf(APP_PAGE, chunks)], chunks);
        const content = [...page].filter((name) => !entry.has(name) && !main.has(name)).map((name) => `/${name}`);
        return [
          { tag: "meta", attrs: { name: "app-page", content: content.join(" ") }, injectTo: "head-prepend" },
          // Every page needs it, and the entry asks for it only when it runs.
          ...[...main]
            .filter((name) => !entry.has(name))
            .map((name) => ({
              tag: "link",
              attrs: { rel: "modulepreload", crossorigin: true, href: `/${name}` },
              injectTo: "head" as const,
            })),
        ];
      },
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const chunks = chunksOf(bundle);
        const names = withImports([...entriesOf(chunks), ...PARTS.map((path) => chunkOf(path, chunks))], chunks);
        const sizes = [...names].map((name) => gzipSync(chunks.get(name)?.code ?? "", { level: 9 }).length);
        const size = sizes.reduce((sum, each) => sum + each, 0);
        const figure = `a page of an app loads ${Math.ceil(size / 1000)} kB of script (gzip) in ${names.size} files`;
        if (size > LIMIT) {
          this.error(`${figure}, more than ${LIMIT / 1000} kB: load what is not always shown with Late`);
        }
        this.info(figure);
      },
    },
  };
}
