import { useSyncExternalStore } from "react";
import { Button } from "./Button";
import { type Part, type PartState, retryParts } from "./part";
import styles from "./part.module.css";

/** How it stands with a part that is not there yet. */
export function usePart(part: Part<unknown>): PartState {
  return useSyncExternalStore(part.subscribe, part.snapshot);
}

/** Why a part is not there, what happens next, and what can be done. */
export function PartNews({ state }: { state: Exclude<PartState, "loading"> }) {
  return (
    <div className={styles.news}>
      <p role="status">
        {state === "away"
          ? "This part could not be loaded: the server cannot be reached. It will come by itself."
          : "This part belongs to an older dashboard than the server has now. Reload the page to see it."}
      </p>
      {state === "away" ? (
        <Button appearance="outline" onPress={retryParts}>
          Try now
        </Button>
      ) : (
        <Button appearance="outline" onPress={() => location.reload()}>
          Reload the page
        </Button>
      )}
    </div>
  );
}
