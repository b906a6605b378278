import { type ReactNode, useId } from "react";
import type { Opt, StyleMap } from "../../model/types";
import { safeStyle } from "../style";
import styles from "./titled.module.css";

/** A display piece with its label, description and tools above it. */
export function Titled({
  label,
  description,
  tools,
  style,
  kind,
  children,
}: {
  label: Opt<string>;
  description: Opt<string>;
  /** Small buttons at the right. */
  tools?: ReactNode;
  style: Opt<StyleMap>;
  /** What a screen reader calls it when it has no label. */
  kind: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <figure
      className={styles.titled}
      data-wide
      style={safeStyle(style)}
      aria-label={label ? undefined : kind}
      aria-labelledby={label ? id : undefined}
    >
      {(label || description || tools) && (
        <figcaption className={styles.head}>
          <span className={styles.words}>
            {label && (
              <span id={id} className={styles.label}>
                {label}
              </span>
            )}
            {description && <span className={styles.description}>{description}</span>}
          </span>
          {tools}
        </figcaption>
      )}
      {children}
    </figure>
  );
}
