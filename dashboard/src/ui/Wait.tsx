import { type ReactNode, useEffect, useState } from "react";
import { Spinner } from "./Spinner";
import styles from "./wait.module.css";

/**
 * While something is awaited: nothing but a mark at first, after 3 s a word on what, after 10 s that it takes long and
 * what can be done.
 */
export function Wait({ what, long, actions }: { what: string; long?: string; actions?: ReactNode }) {
  const stage = useStage([3_000, 10_000]);
  return (
    <div className={styles.wait}>
      <Spinner size="lg" />
      <p className={styles.text} role="status">
        {stage === 0 ? (
          <span className="visually-hidden">Loading</span>
        ) : stage === 1 ? (
          what
        ) : (
          (long ?? `${what} It is taking longer than usual.`)
        )}
      </p>
      {stage === 2 && actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** 0, then 1, 2 … after each of `limits` milliseconds. */
export function useStage(limits: readonly number[]): number {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const limit = limits[stage];
    if (limit === undefined) return;
    const timer = setTimeout(() => setStage(stage + 1), limit - (limits[stage - 1] ?? 0));
    return () => clearTimeout(timer);
  }, [stage, limits[stage], limits[stage - 1]]);
  return stage;
}
