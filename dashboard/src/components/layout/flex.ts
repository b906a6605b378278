import type { CSSProperties } from "react";
import type { LayoutModel } from "../../model/types";
import { safeLength, safeStyle } from "../style";
import styles from "./flex.module.css";

/**
 * The attributes that make an element a flex row or column as the author wants it. Rows become columns on narrow
 * screens unless the author says no.
 */
export function flexProps(model: LayoutModel<unknown>) {
  const { direction, justify, align, spacing, appearance, responsive, style } = model;
  return {
    className: styles.flex,
    "data-wide": true,
    "data-direction": direction ?? "vertical",
    "data-justify": justify ?? "start",
    "data-align": align ?? "start",
    "data-card": appearance === "card" || undefined,
    "data-fixed": responsive === false || undefined,
    style: { "--gap": safeLength(spacing, "16px"), ...safeStyle(style) } as CSSProperties,
  };
}
