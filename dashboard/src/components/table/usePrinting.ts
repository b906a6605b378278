import { useEffect, useState } from "react";
import { flushSync } from "react-dom";

/** Rows of a long table that go to paper; more would take the browser minutes. */
export const PRINTED_ROWS = 1_000;

/** True from when the page is about to be printed until it was: then rows out of sight are wanted, too. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    // The browser lays the page out as soon as the event was handled.
    const before = () => flushSync(() => setPrinting(true));
    const after = () => setPrinting(false);
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, []);
  return printing;
}
