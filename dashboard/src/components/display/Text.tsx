import type { TextContent, TextDisplayProperties } from "../../model/types";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./text.module.css";

/** Text, which may hold further pieces of text with their own colour and size. Line breaks and spaces are kept. */
export function Text({ node }: ComponentProps<"display-text">) {
  const { properties, style } = node.model;
  return (
    <p
      className={styles.text}
      data-color={properties.color ?? "text"}
      data-size={properties.size ?? "md"}
      style={safeStyle(style)}
    >
      <Content content={properties.text} />
    </p>
  );
}

function Content({ content }: { content: TextContent }): React.ReactNode {
  if (content === null || content === undefined) return null;
  // Pieces have no ids of their own; their order is all there is.
  // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole
  if (Array.isArray(content)) return content.map((piece, at) => <Content key={at} content={piece} />);
  if (typeof content !== "object") return String(content);
  const properties: TextDisplayProperties = content.model.properties;
  return (
    <span
      className={styles.text}
      data-color={properties.color ?? undefined}
      data-size={properties.size ?? undefined}
      style={safeStyle(content.model.style)}
    >
      <Content content={properties.text} />
    </span>
  );
}
