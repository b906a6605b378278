import styles from "./spinner.module.css";

/** A turning ring, silent: what is beside it says what is awaited. */
export function Spinner({ size = "md" }: { size?: "sm" | "md" | "lg" }) {
  return <span className={styles.spinner} data-size={size} aria-hidden="true" />;
}
