/** The PDF library, with everything off that a page of ours does not need: scripts, forms, WebAssembly. */
import { GlobalWorkerOptions, getDocument, type PDFDocumentLoadingTask } from "pdfjs-dist";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = worker;

/** Larger images of a PDF stay blank (pixels): they would take the tab's memory. */
const LARGEST_IMAGE = 64_000_000;

/** The fonts that a PDF may use without bringing them (Helvetica, Times, Courier, …), as files of ours. */
const FONTS: Record<string, string> = import.meta.glob(
  ["/node_modules/pdfjs-dist/standard_fonts/*.pfb", "/node_modules/pdfjs-dist/standard_fonts/*.ttf"],
  { query: "?url", import: "default", eager: true },
);

/** Hands the library one of those fonts; it asks for nothing else. */
class FontFiles {
  async fetch({ filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const address = FONTS[`/node_modules/pdfjs-dist/standard_fonts/${filename}`];
    if (address === undefined) throw new Error(`no font file ${filename}`);
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`font file ${filename}: HTTP ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
}

export function openPdf(bytes: Uint8Array): PDFDocumentLoadingTask {
  return getDocument({
    // The worker takes what it gets; the caller keeps its own.
    data: new Uint8Array(bytes),
    isEvalSupported: false,
    useWasm: false,
    enableXfa: false,
    maxImageSize: LARGEST_IMAGE,
    verbosity: 0,
    useWorkerFetch: false,
    // Says only that there are some; `FontFiles` knows where.
    standardFontDataUrl: "standard_fonts/",
    BinaryDataFactory: FontFiles,
  });
}
