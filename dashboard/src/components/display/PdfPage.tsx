import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import type { PdfAnnotation } from "../../model/types";
import styles from "./pdf.module.css";

/** One page: drawn when it comes near the screen, at the width that it has there. */
export function PdfPage({
  from,
  number,
  annotations,
}: {
  from: PDFDocumentProxy;
  number: number;
  annotations: PdfAnnotation[];
}) {
  const [page, setPage] = useState<PDFPageProxy | null>(null);
  const [text, setText] = useState("");
  const near = useNear();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = page?.getViewport({ scale: 1 });

  useEffect(() => {
    let current = true;
    from.getPage(number).then(
      (got) => current && setPage(got),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [from, number]);

  useEffect(() => {
    const element = canvas.current;
    if (!page || !near.is || !element) return;
    const width = element.clientWidth || page.getViewport({ scale: 1 }).width;
    const scale = (width / page.getViewport({ scale: 1 }).width) * Math.min(window.devicePixelRatio || 1, 2);
    const viewport = page.getViewport({ scale });
    element.width = Math.ceil(viewport.width);
    element.height = Math.ceil(viewport.height);
    const task = page.render({ canvas: element, viewport });
    // A page that cannot be drawn stays blank; its text may still be there.
    task.promise.catch(() => {});
    page.getTextContent().then(
      (content) => setText(content.items.map((item) => ("str" in item ? item.str : "")).join(" ")),
      () => {},
    );
    return () => task.cancel();
  }, [page, near.is]);

  return (
    <div
      ref={near.ref}
      className={styles.page}
      style={size && { aspectRatio: `${size.width} / ${size.height}`, ["--width" as string]: `${size.width}px` }}
    >
      <canvas ref={canvas} className={styles.canvas} />
      <p className="visually-hidden">
        Page {number}: {text}
      </p>
      {size &&
        annotations.map((annotation, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: annotations have no names and change as a whole
          <Mark key={at} annotation={annotation} width={size.width} height={size.height} />
        ))}
    </div>
  );
}

/** A mark in page pixels from the top left corner, placed in parts of the page so that it scales with it. */
function Mark({ annotation, width, height }: { annotation: PdfAnnotation; width: number; height: number }) {
  const [left, right] = [Math.min(annotation.x1, annotation.x2), Math.max(annotation.x1, annotation.x2)];
  const [top, bottom] = [Math.min(annotation.y1, annotation.y2), Math.max(annotation.y1, annotation.y2)];
  return (
    <div
      className={styles.mark}
      data-appearance={annotation.appearance ?? "highlight"}
      data-color={annotation.color ?? "blue"}
      style={{
        left: `${(left / width) * 100}%`,
        top: `${(top / height) * 100}%`,
        width: `${((right - left) / width) * 100}%`,
        height: `${((bottom - top) / height) * 100}%`,
      }}
    >
      {annotation.label && <span className={styles.markLabel}>{annotation.label}</span>}
    </div>
  );
}

/** True from when an element has come near the screen. */
function useNear() {
  const ref = useRef<HTMLDivElement>(null);
  const [is, setIs] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        setIs(true);
        observer.disconnect();
      },
      { rootMargin: "400px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, is };
}
