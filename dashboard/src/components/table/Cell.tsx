import { memo } from "react";
import { cellContent } from "../../model/table/cells";
import type { TableColumn } from "../../model/table/columns";
import { plainText } from "../../model/table/plain";
import type { Json, TagColor } from "../../model/types";
import { Icon } from "../../ui/Icon";
import styles from "./cell.module.css";

/** What one cell shows. */
export const CellValue = memo(function CellValue({
  value,
  column,
  colors,
}: {
  value: Json | undefined;
  column: TableColumn;
  colors: ReadonlyMap<string, TagColor> | undefined;
}) {
  const content = cellContent(value, column);
  switch (content.kind) {
    case "blank":
      return null;
    case "null":
      return <span className={styles.null}>null</span>;
    case "boolean":
      return (
        <span className={styles.boolean} data-value={content.value}>
          {content.value ? <Icon name="check" /> : <Icon name="cross" />}
          <span className="visually-hidden">{content.value ? "Yes" : "No"}</span>
        </span>
      );
    case "tags":
      return (
        <span className={styles.tags}>
          {content.values.map((tag, at) => {
            const text = plainText(tag);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same tag may be there twice, and tags hold no state
              <span key={at} className={styles.tag} data-color={colors?.get(text) ?? "gray"}>
                {text}
              </span>
            );
          })}
        </span>
      );
    case "json":
      return <code className={styles.json}>{content.text}</code>;
    case "date":
      return <time dateTime={content.iso}>{content.text}</time>;
    case "link":
      return (
        <a href={content.text} target="_blank" rel="noopener noreferrer" tabIndex={-1}>
          {content.text}
        </a>
      );
    case "error":
      return (
        <span className={styles.error} title={`${content.problem}`}>
          <span aria-hidden="true" className={styles.errorMark}>
            !
          </span>
          <span className="visually-hidden">{`${content.problem}: `}</span>
          {content.text}
        </span>
      );
    default:
      return content.text;
  }
});
