import { useEffect, useMemo, useRef } from "react";
import type { Failure } from "../model/failure";
import { Button } from "../ui/Button";
import { Copy } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import styles from "./failure.module.css";

/** What an app has reported: the page behind stays readable, the stack can be unfolded, everything can be copied. */
export function FailurePanel({
  failure,
  facts,
  restart,
  close,
}: {
  failure: Failure;
  /** For the report: app, environment, SDK, execution. */
  facts: Record<string, string>;
  restart: () => void;
  close: () => void;
}) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (failure.severity === "error") panel.current?.scrollIntoView({ block: "nearest" });
  }, [failure]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of each failure, not of each time that it is drawn
  const time = useMemo(() => new Date().toISOString(), [failure]);
  const lines = Object.entries({ ...facts, time }).map(([name, value]) => `${name}: ${value}`);
  const report = [failure.title, failure.message, failure.stack, "", ...lines].filter((line) => line !== "").join("\n");
  return (
    <section className={styles.panel} data-severity={failure.severity} ref={panel} aria-label="Problem">
      <div className={styles.head} role="alert">
        <span className={styles.icon}>
          <Icon name={failure.severity === "error" ? "alert" : "warning"} size={20} />
        </span>
        <div className={styles.words}>
          <h2 className={styles.title}>{failure.title}</h2>
          {failure.message && <p className={styles.message}>{failure.message}</p>}
        </div>
        <Button appearance="plain" aria-label="Close" onPress={close}>
          <Icon name="cross" />
        </Button>
      </div>
      {failure.stack && (
        <details className={styles.stack}>
          <summary>Where it happened</summary>
          {/* Scrolls sideways, so the keyboard must get there. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
          <pre tabIndex={0}>{failure.stack}</pre>
        </details>
      )}
      <div className={styles.actions}>
        <Button appearance={failure.severity === "error" ? "primary" : "outline"} onPress={restart}>
          Restart the app
        </Button>
        <Copy text={report} label="Copy report" />
      </div>
    </section>
  );
}
