import type { PDFDocumentLoadingTask, PDFDocumentProxy } from "pdfjs-dist";
import { useEffect, useMemo, useState } from "react";
import { bytesOfDataUri } from "../../model/data-uri";
import { Button } from "../../ui/Button";
import { PartNews } from "../../ui/PartNews";
import { Part, type PartState } from "../../ui/part";
import { Spinner } from "../../ui/Spinner";
import { usePageContext } from "../hooks";
import type { ComponentProps } from "../Render";
import { PdfPage } from "./PdfPage";
import styles from "./pdf.module.css";
import { openPdf } from "./pdf-document";
import { Titled } from "./Titled";

/** A PDF with all its pages and the author's marks on them. */
export function Pdf({ node }: ComponentProps<"display-pdf">) {
  const { base64, label, description, scroll, annotations } = node.model.properties;
  const { download } = usePageContext();
  const bytes = useMemo(() => bytesOfDataUri(String(base64 ?? "")), [base64]);
  const opened = usePdf(bytes);
  return (
    <Titled
      label={label}
      description={description}
      style={node.model.style}
      kind="PDF"
      tools={
        bytes && (
          <Button
            appearance="plain"
            onPress={() => download(`${label || "document"}.pdf`, new Uint8Array(bytes), "application/pdf")}
          >
            Download
          </Button>
        )
      }
    >
      {opened === "failed" && <p className={styles.state}>This PDF cannot be read.</p>}
      {(opened === "away" || opened === "outdated") && <PartNews state={opened} />}
      {opened === "loading" && (
        <p className={styles.state} role="status">
          <Spinner size="sm" /> Opening the PDF…
        </p>
      )}
      {typeof opened === "object" && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div className={styles.pages} data-scroll={scroll ?? "vertical"} tabIndex={0}>
          {Array.from({ length: opened.numPages }, (_, at) => (
            <PdfPage
              // biome-ignore lint/suspicious/noArrayIndexKey: a page is known by its number
              key={at}
              from={opened}
              number={at + 1}
              annotations={(annotations ?? []).filter((annotation) => (annotation.page ?? 1) === at + 1)}
            />
          ))}
        </div>
      )}
    </Titled>
  );
}

type Opened = PDFDocumentProxy | "failed" | PartState;

/** The document. Its reader is a part of its own, which may have to be fetched more than once. */
function usePdf(bytes: Uint8Array | null): Opened {
  const [opened, setOpened] = useState<Opened>("loading");
  useEffect(() => {
    if (bytes === null) {
      setOpened("failed");
      return;
    }
    setOpened("loading");
    let current = true;
    let task: PDFDocumentLoadingTask | null = null;
    const part = new Part(() => {
      task = openPdf(bytes);
      return task.promise;
    });
    const unsubscribe = part.subscribe(() => current && setOpened(part.snapshot()));
    part.load().then(
      (document) => current && setOpened(document),
      () => current && setOpened("failed"),
    );
    return () => {
      current = false;
      unsubscribe();
      void task?.destroy();
    };
  }, [bytes]);
  return opened;
}
