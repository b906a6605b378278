/** The PDF library, with everything off that a page of ours does not need: scripts, forms, WebAssembly, fetches. */
import { GlobalWorkerOptions, getDocument, type PDFDocumentLoadingTask } from "pdfjs-dist";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = worker;

/** Larger images of a PDF stay blank (pixels): they would take the tab's memory. */
const LARGEST_IMAGE = 64_000_000;

export function openPdf(bytes: Uint8Array): PDFDocumentLoadingTask {
  return getDocument({
    // The worker takes what it gets; the caller keeps its own.
    data: new Uint8Array(bytes),
    isEvalSupported: false,
    useWasm: false,
    enableXfa: false,
    maxImageSize: LARGEST_IMAGE,
    verbosity: 0,
  });
}
