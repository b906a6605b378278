import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import type { Nav } from "../api/types";
import { imageSource } from "../model/links";
import { Button } from "../ui/Button";
import { Logo } from "../ui/Logo";
import styles from "./nav.module.css";

/** The list of apps beside an app: a column on wide screens, unfolded by a button on narrow ones. */
export function AppNav({
  nav,
  environmentId,
  companyName,
  current,
}: {
  nav: Nav;
  environmentId: string;
  companyName: string;
  current: string;
}) {
  const [open, setOpen] = useState(false);
  const list = useId();
  const toggle = useRef<HTMLSpanElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another app closes the list
  useEffect(() => setOpen(false), [current]);
  return (
    <nav
      className={styles.nav}
      aria-label="Apps"
      data-screen-only
      data-open={open || undefined}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        // The link that has the focus goes out of sight.
        toggle.current?.querySelector("button")?.focus();
      }}
    >
      <div className={styles.head}>
        <Brand logoUrl={nav.logoUrl} name={companyName} />
        <span ref={toggle} className={styles.toggle}>
          <Button appearance="plain" aria-expanded={open} aria-controls={list} onPress={() => setOpen(!open)}>
            <span className="with-icon">
              <svg
                width="16"
                height="16"
                viewBox="0 0 16 16"
                aria-hidden="true"
                focusable="false"
                stroke="currentColor"
                strokeWidth="1.6"
                strokeLinecap="round"
              >
                <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />
              </svg>
              Apps
            </span>
          </Button>
        </span>
      </div>
      <ul className={styles.list} id={list}>
        {nav.items.map(({ route, label }) => (
          <li key={route}>
            <Link
              className={styles.item}
              to="/app/$environmentId/$appRoute"
              params={{ environmentId, appRoute: route }}
              aria-current={route === current ? "page" : undefined}
            >
              {label || route}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The app's logo, when it can be loaded, else the team's name. */
function Brand({ logoUrl, name }: { logoUrl: string | null | undefined; name: string }) {
  const [failed, setFailed] = useState(false);
  const address = logoUrl ? imageSource(logoUrl, location.href) : null;
  if (address && !failed) {
    return (
      <img
        className={styles.logo}
        src={address}
        alt={name}
        referrerPolicy="no-referrer"
        onError={() => setFailed(true)}
      />
    );
  }
  return (
    <span className={styles.brand}>
      <Logo size={24} />
      {name}
    </span>
  );
}
