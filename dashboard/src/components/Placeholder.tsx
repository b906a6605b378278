import styles from "./placeholder.module.css";

/** For a component that is unknown or failed: small, and the rest of the page works. */
export function Placeholder({ type, reason = "is not known to this dashboard" }: { type: string; reason?: string }) {
  return (
    <p className={styles.placeholder}>
      A part of this page (<code>{type}</code>) {reason}.
    </p>
  );
}
