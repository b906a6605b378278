import type { ReactNode } from "react";
import { Icon } from "./Icon";
import styles from "./notice.module.css";

export type Tone = "info" | "warning" | "danger" | "success";

const ICONS = { info: "info", warning: "warning", danger: "alert", success: "check" } as const;

/** A calm box that says what is the matter and what can be done. */
export function Notice({
  tone,
  title,
  children,
  actions,
}: {
  tone: Tone;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.notice} data-tone={tone}>
      <span className={styles.icon}>
        <Icon name={ICONS[tone]} size={18} />
      </span>
      <div className={styles.text}>
        <p className={styles.title}>{title}</p>
        {children}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
