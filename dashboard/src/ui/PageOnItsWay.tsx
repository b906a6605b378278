import { useEffect } from "react";
import { Frame } from "./Frame";
import { PartNews, usePart } from "./PartNews";
import type { Part } from "./part";
import { Wait } from "./Wait";

const RELOADED = "RELOADED_FOR";

/** In place of a page whose code is still on its way. Nobody has typed into it yet: for a newer one it is loaded anew, once. */
export function PageOnItsWay({ part }: { part: Part<unknown> }) {
  const state = usePart(part);
  useEffect(() => {
    if (state !== "outdated" || sessionStorage.getItem(RELOADED) === location.href) return;
    sessionStorage.setItem(RELOADED, location.href);
    location.reload();
  }, [state]);
  if (state === "loading") return <Wait what="Loading…" />;
  return (
    <Frame title="Loading">
      <PartNews state={state} />
    </Frame>
  );
}
