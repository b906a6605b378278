import { type ReactNode, useEffect, useRef } from "react";
import styles from "./frame.module.css";
import { Logo } from "./Logo";
import { usePageFocus } from "./page-focus";
import { SchemeSwitch } from "./SchemeSwitch";
import { MAIN, SkipLink } from "./SkipLink";

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
  const main = useRef<HTMLElement>(null);
  usePageFocus(main, location.pathname);
  useEffect(() => {
    document.title = `${title} · Compose`;
  }, [title]);
  return (
    <div className={styles.frame}>
      <SkipLink>Skip to the content</SkipLink>
      <header className={styles.header}>
        <a className={styles.brand} href="/home" aria-label={brand ? undefined : "Compose, home"}>
          <Logo />
          {brand ?? <span>Compose</span>}
        </a>
        <div className={styles.tools} data-screen-only>
          {tools}
        </div>
      </header>
      <main className={styles.main} id={MAIN} tabIndex={-1} ref={main}>
        {children}
      </main>
      <footer className={styles.footer} data-screen-only>
        <SchemeSwitch />
      </footer>
    </div>
  );
}
