import type { ReactNode } from "react";

/** The id of a page's main part. */
export const MAIN = "main";

/**
 * The first stop of the keyboard: leads past what is on every page. The focus goes there by script, as the fragment of the
 * address is taken: tables keep there how they are set up.
 */
export function SkipLink({ children }: { children: ReactNode }) {
  return (
    <a
      className="skip-link"
      href={`#${MAIN}`}
      data-screen-only
      onClick={(event) => {
        event.preventDefault();
        document.getElementById(MAIN)?.focus();
      }}
    >
      {children}
    </a>
  );
}
