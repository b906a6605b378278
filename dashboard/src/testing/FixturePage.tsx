import { useMemo } from "react";
import { PageContext, type PageContextValue, usePageState } from "../components/hooks";
import { RenderRoot } from "../components/Render";
import type { Replay } from "./fixtures";

/** A replayed execution on the screen: the page's renders, then its modals. For tests and `/fixtures`. */
export function FixturePage({ from, blocked = null }: { from: Replay; blocked?: string | null }) {
  const value = useMemo<PageContextValue>(
    () => ({ execution: from.execution, blocked, toast: () => {}, download: () => {}, unsent: () => 0 }),
    [from, blocked],
  );
  return (
    <PageContext.Provider value={value}>
      <Renders />
    </PageContext.Provider>
  );
}

function Renders() {
  const page = usePageState();
  return (
    <>
      {[...page.renderIds, ...page.modalIds].map((id) => (
        <RenderRoot key={id} renderId={id} />
      ))}
    </>
  );
}
