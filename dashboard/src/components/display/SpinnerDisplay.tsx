import { ProgressBar } from "react-aria-components";
import { Spinner } from "../../ui/Spinner";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./spinner-display.module.css";

export function SpinnerDisplay({ node }: ComponentProps<"display-spinner">) {
  const { properties, style } = node.model;
  return (
    <ProgressBar
      isIndeterminate
      aria-label={properties.text || "Loading"}
      className={styles.spinner}
      style={safeStyle(style)}
    >
      <Spinner />
      {properties.text}
    </ProgressBar>
  );
}
