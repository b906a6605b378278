import { Separator } from "react-aria-components";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./divider.module.css";

export function Divider({ node }: ComponentProps<"dd">) {
  const { properties, style } = node.model;
  const vertical = properties.orientation === "vertical";
  return (
    <Separator
      orientation={vertical ? "vertical" : "horizontal"}
      elementType="div"
      className={styles.divider}
      data-thickness={properties.thickness ?? "thin"}
      style={safeStyle(style)}
    />
  );
}
