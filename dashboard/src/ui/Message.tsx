import { type ReactNode, useEffect, useRef } from "react";
import styles from "./message.module.css";

/** A whole page with one thing to say. The focus goes to its heading, so that it is read out. */
export function Message({
  title,
  children,
  actions,
  focus = true,
}: {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  focus?: boolean;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, [focus]);
  return (
    <div className={styles.message}>
      <h1 className={styles.title} ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <div className={styles.text}>{children}</div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
