import { type RefObject, useEffect } from "react";

/** Where the last page was; null before the first one. */
let last: string | null = null;

/**
 * Moves the focus to what a further page begins with: after a link within the dashboard nothing else tells a screen reader
 * that there is another page. The first one is the browser's to announce. What has taken the focus inside `within` keeps it.
 */
export function usePageFocus(target: RefObject<HTMLElement | null>, address: string, within = target): void {
  useEffect(() => {
    // Not known yet.
    if (address === "") return;
    const further = last !== null && last !== address;
    last = address;
    if (further && !within.current?.contains(document.activeElement)) target.current?.focus();
  }, [target, address, within]);
}
