import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./toast.module.css";
import type { Toast, Toasts } from "./toasts";

const ICONS = { info: "info", success: "check", warning: "warning", error: "alert" } as const;
const WORDS = { info: "", success: "Success: ", warning: "Warning: ", error: "Error: " } as const;

/**
 * The toasts of a page, read out as they come. They wait while the pointer or the focus is on them. F6 goes to the newest
 * and back again, also from within a dialog, which Tab does not leave; Escape dismisses the one that has the focus.
 */
export function ToastRegion({ toasts }: { toasts: Toasts }) {
  const list = useSyncExternalStore(toasts.subscribe, toasts.snapshot);
  const [held, setHeld] = useState(false);
  const region = useRef<HTMLElement>(null);
  /** Where the focus was before it came here; a dismissed toast gives it back, to a dialog above all. */
  const before = useRef<HTMLElement | null>(null);
  const remember = (element: EventTarget | null) => {
    if (element instanceof HTMLElement && !region.current?.contains(element)) before.current = element;
  };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "F6" || event.ctrlKey || event.altKey || event.metaKey) return;
      const inside = region.current?.contains(document.activeElement);
      const to = inside ? before.current : region.current?.querySelector<HTMLElement>("li:last-child button");
      // With no toast the key is the browser's.
      if (!to) return;
      event.preventDefault();
      to.focus();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <section
      ref={region}
      aria-label="Notifications"
      aria-keyshortcuts="F6"
      // An open dialog neither hides it nor takes a press on it for a press outside.
      data-react-aria-top-layer="true"
      className={styles.region}
      data-screen-only
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onPointerDownCapture={() => remember(document.activeElement)}
      onFocus={(event) => {
        remember(event.relatedTarget);
        setHeld(true);
      }}
      onBlur={() => setHeld(false)}
    >
      <ol className={styles.list} aria-live="polite" aria-relevant="additions">
        {list.map((toast) => (
          <Shown
            key={toast.id}
            toast={toast}
            held={held}
            dismiss={() => {
              // By hand, not by time: the pressed button is about to go.
              if (region.current?.contains(document.activeElement)) before.current?.focus();
              toasts.dismiss(toast.id);
              // What had the pointer or the focus is gone, and tells no more that they left.
              setHeld(false);
            }}
          />
        ))}
      </ol>
    </section>
  );
}

function Shown({ toast, held, dismiss }: { toast: Toast; held: boolean; dismiss: () => void }) {
  const left = useRef(toast.duration);
  const latest = useRef(dismiss);
  latest.current = dismiss;
  useEffect(() => {
    if (held || left.current === null) return;
    const begun = Date.now();
    const timer = setTimeout(() => latest.current(), left.current);
    return () => {
      clearTimeout(timer);
      // After the pointer has left there is at least a second to see what was pointed at.
      if (left.current !== null) left.current = Math.max(1_000, left.current - (Date.now() - begun));
    };
  }, [held]);
  return (
    <li
      className={styles.toast}
      data-appearance={toast.appearance}
      onKeyDown={(event) => {
        if (event.key === "Escape") dismiss();
      }}
      role={toast.appearance === "error" ? "alert" : undefined}
    >
      <span className={styles.icon}>
        <Icon name={ICONS[toast.appearance]} />
      </span>
      <div className={styles.text}>
        <span className="visually-hidden">{WORDS[toast.appearance]}</span>
        {toast.title && <p className={styles.title}>{toast.title}</p>}
        <p>{toast.message}</p>
        {toast.action && (
          <a href={toast.action.url} target="_blank" rel="noopener" onClick={dismiss}>
            {toast.action.label}
          </a>
        )}
      </div>
      <Button appearance="plain" aria-label="Dismiss" onPress={dismiss}>
        <Icon name="cross" />
      </Button>
    </li>
  );
}
