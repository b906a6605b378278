import { useEffect, useState } from "react";
import type { Status } from "../protocol/session";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";

/** What is the matter with the connection, what happens next, and a way to hurry it. Nothing while all is well. */
export function StatusBanner({
  status,
  hasPage,
  retryNow,
}: {
  status: Status;
  hasPage: boolean;
  retryNow: () => void;
}) {
  const retry = (
    <Button appearance="outline" onPress={retryNow}>
      Retry now
    </Button>
  );
  const kept = hasPage ? " What you have typed is kept." : "";
  switch (status.kind) {
    case "browser-offline":
      return (
        <Notice tone="warning" title="You are offline" actions={retry}>
          <p>This browser has no network. The page connects again by itself.{kept}</p>
        </Notice>
      );
    case "updating":
      return (
        <Notice tone="info" title="The server is being updated" actions={retry}>
          <p>
            Back in a moment.{kept} <Countdown until={status.retryAt} />
          </p>
        </Notice>
      );
    case "reconnecting":
      return (
        <Notice tone="warning" title="Connection lost" actions={retry}>
          <p>
            {status.refused ? "The server cannot be reached." : "The connection to the server was lost."}
            {kept} <Countdown until={status.retryAt} />
          </p>
        </Notice>
      );
    case "environment-offline":
      if (!hasPage) return null;
      return (
        <Notice tone="warning" title="The app’s server is not connected">
          <p>You can read on; buttons work again when it is back.{kept}</p>
        </Notice>
      );
    default:
      return null;
  }
}

/** For the eye only: a number that changes each second is no news for the ear. */
function Countdown({ until }: { until: number | null }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    if (until === null) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [until]);
  if (until === null) return <span>Connecting…</span>;
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return <span aria-hidden="true">{seconds > 0 ? `Next attempt in ${seconds} s.` : "Connecting…"}</span>;
}
