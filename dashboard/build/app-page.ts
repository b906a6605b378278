// The limit on the script that every page of an app loads.
import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

/** Most bytes of script (gzip) that a page of an app may load before it shows its first component. */
const LIMIT = 250_000;
/** What the page loads at once, besides the entry; all other parts come when they are shown. */
const PARTS = ["AppPage", "Dialogs", "StatusControl", "LeaveDialog"].map((name) => `/src/app/${name}.tsx`);

/** Fails the build beyond the limit. */
export function appPageLimit(): Plugin {
  return {
    name: "app-page-limit",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const all = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? [file] : []));
        const chunks = new Map<string, Rollup.OutputChunk>(all.map((chunk) => [chunk.fileName, chunk]));
        const names = new Set(all.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
        for (const path of PARTS) {
          const chunk = all.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(path)));
          if (!chunk) this.error(`no chunk has ${path}: has it moved? build/app-page.ts names it`);
          names.add(chunk.fileName);
        }
        // A set takes what is added while it is walked through.
        for (const name of names) for (const imported of chunks.get(name)?.imports ?? []) names.add(imported);
        const sizes = [...names].map((name) => gzipSync(chunks.get(name)?.code ?? "", { level: 9 }).length);
        const size = sizes.reduce((sum, each) => sum + each, 0);
        const figure = `a page of an app loads ${Math.ceil(size / 1000)} kB of script (gzip) in ${names.size} files`;
        if (size > LIMIT) {
          this.error(`${figure}, more than ${LIMIT / 1000} kB: load what is not always shown with lazy()`);
        }
        this.info(figure);
      },
    },
  };
}
