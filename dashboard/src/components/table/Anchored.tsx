import { type ReactNode, useMemo } from "react";
import { Popover } from "react-aria-components";
import styles from "./menu.module.css";

/** One popover for all rows and headings: one for each would cost more than the rows. */
export function Anchored({
  anchor,
  onClose,
  children,
}: {
  /** Where it opens; null when it is closed. */
  anchor: HTMLElement | null;
  onClose(): void;
  children: ReactNode;
}) {
  const trigger = useMemo(() => ({ current: anchor }), [anchor]);
  return (
    <Popover
      triggerRef={trigger}
      isOpen={anchor !== null}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      placement="bottom end"
      className={styles.popover}
    >
      {children}
    </Popover>
  );
}
