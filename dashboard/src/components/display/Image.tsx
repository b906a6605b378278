import { useState } from "react";
import { imageSource } from "../../model/links";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./image.module.css";

/** An image at its natural size, at most as wide as its container. */
export function Image({ node }: ComponentProps<"display-image">) {
  const { properties, style } = node.model;
  const [failed, setFailed] = useState<string | null>(null);
  const source = imageSource(String(properties.src ?? ""), location.href);
  if (source === null || failed === source) {
    return (
      <p className={styles.missing} style={safeStyle(style)}>
        {source === null
          ? "This image's address cannot be shown: it is neither http(s) nor image data."
          : "The image could not be loaded."}
      </p>
    );
  }
  return (
    <img
      className={styles.image}
      src={source}
      alt={nameOf(source)}
      referrerPolicy="no-referrer"
      decoding="async"
      style={safeStyle(style)}
      onError={() => setFailed(source)}
    />
  );
}

/** Apps give no alternative text; a file name is better than nothing. */
function nameOf(source: string): string {
  if (source.startsWith("data:")) return "Image";
  const file = new URL(source).pathname.split("/").at(-1) ?? "";
  return file === "" ? "Image" : `Image ${file}`;
}
