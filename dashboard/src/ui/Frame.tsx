import { type ReactNode, useEffect } from "react";
import styles from "./frame.module.css";
import { Logo } from "./Logo";
import { SchemeSwitch } from "./SchemeSwitch";

/** What is around every page but an app's: the mark, one main part, the switch of colours. */
export function Frame({
  title,
  children,
  brand,
  tools,
}: {
  /** Of the browser's tab. */
  title: string;
  children: ReactNode;
  brand?: ReactNode;
  tools?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Compose`;
  }, [title]);
  return (
    <div className={styles.frame}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={styles.header}>
        <a className={styles.brand} href="/home" aria-label={brand ? undefined : "Compose, home"}>
          <Logo />
          {brand ?? <span>Compose</span>}
        </a>
        <div className={styles.tools}>{tools}</div>
      </header>
      <main className={styles.main} id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className={styles.footer}>
        <SchemeSwitch />
      </footer>
    </div>
  );
}
