import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import styles from "./button.module.css";

/** Looks like a button and is a link. Inside of the dashboard without a reload, unless `reload`. */
export function LinkButton({
  to,
  children,
  appearance = "primary",
  newTab = false,
  reload = false,
  onClick,
}: {
  to: string;
  children: ReactNode;
  appearance?: "primary" | "outline" | "plain";
  newTab?: boolean;
  reload?: boolean;
  /** Besides going there. */
  onClick?: () => void;
}) {
  const shared = { className: styles.button, "data-appearance": appearance, onClick };
  if (newTab || reload) {
    return (
      <a {...shared} href={to} {...(newTab ? { target: "_blank", rel: "noopener" } : {})}>
        {children}
      </a>
    );
  }
  return (
    <Link {...shared} to={to}>
      {children}
    </Link>
  );
}
