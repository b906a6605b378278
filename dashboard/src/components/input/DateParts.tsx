import { useContext, useEffect, useRef, useState } from "react";
import {
  DateFieldStateContext,
  DateSegment,
  DateInput as Segments,
  TimeFieldStateContext,
} from "react-aria-components";
import styles from "./temporal.module.css";

type Filled = "none" | "some" | "all";

/** The parts of a date or time, each typed by itself. Tells how many of them are filled. */
export function DateParts({ onFilled }: { onFilled: (filled: Filled) => void }) {
  return (
    <Segments className={styles.segments}>
      {(segment) => (
        <>
          <DateSegment segment={segment} className={styles.segment} />
          {segment.type === "literal" && <Watch onFilled={onFilled} />}
        </>
      )}
    </Segments>
  );
}

function Watch({ onFilled }: { onFilled: (filled: Filled) => void }) {
  const date = useContext(DateFieldStateContext);
  const time = useContext(TimeFieldStateContext);
  const parts = ((date ?? time)?.segments ?? []).filter((part) => part.isEditable);
  const open = parts.filter((part) => part.isPlaceholder).length;
  const filled = open === 0 ? "all" : open === parts.length ? "none" : "some";
  const latest = useRef(onFilled);
  latest.current = onFilled;
  useEffect(() => latest.current(filled), [filled]);
  return null;
}

export interface PartlyFilled<V> {
  partly: boolean;
  /** What the field shows; the same object until it is another value, or the base would begin anew. */
  shown: V | null;
  onFilled(filled: Filled): void;
  forget(): void;
}

/**
 * What a half-filled field means: nothing yet. The base keeps the last whole date when a part is deleted, so the value
 * is emptied here, while the parts stay on the screen.
 */
export function usePartlyFilled<V>(value: V | null, setValue: (value: V | null) => void): PartlyFilled<V> {
  const [partly, setPartly] = useState(false);
  // Refs, since emptying the value renders before a new state is seen.
  const some = useRef(false);
  const held = useRef<V | null>(value);
  if (value !== null) held.current = value;
  const become = (now: boolean) => {
    some.current = now;
    setPartly(now);
  };
  return {
    partly,
    shown: value ?? (some.current ? held.current : null),
    onFilled: (filled: Filled) => {
      // Filled again with what was there before: the base sees no change and tells of none.
      if (filled === "all" && value === null && some.current) setValue(held.current);
      become(filled === "some");
      if (filled !== "all" && value !== null) setValue(null);
    },
    forget: () => {
      held.current = null;
      become(false);
    },
  };
}

/** The base corrects a February 30th, and tells of it, only when the focus leaves. Before a value is sent it must. */
export function settle(part: HTMLElement): void {
  part.blur();
  part.focus();
}

export function PartlyFilledHint() {
  return <p className={styles.hint}>Not complete: it counts as empty until every part is filled.</p>;
}
