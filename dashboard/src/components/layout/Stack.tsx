import type { CSSProperties } from "react";
import { type ComponentProps, Render } from "../Render";
import { safeStyle } from "../style";
import styles from "./stack.module.css";

/** A flex row or column; rows become columns on narrow screens unless the author says no. */
export function Stack({ node }: ComponentProps<"layout-stack">) {
  const { children, direction, justify, align, spacing, appearance, responsive, style } = node.model;
  return (
    <div
      className={styles.stack}
      data-direction={direction ?? "vertical"}
      data-justify={justify ?? "start"}
      data-align={align ?? "start"}
      data-card={appearance === "card" || undefined}
      data-fixed={responsive === false || undefined}
      style={{ ["--gap" as string]: spacing ?? "16px", ...safeStyle(style) } as CSSProperties}
    >
      {children.map((id) => (
        <Render key={id} id={id} />
      ))}
    </div>
  );
}
