import { Button } from "react-aria-components";
import type { ComponentNode } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { Spinner } from "../../ui/Spinner";
import { useActions } from "../hooks";
import { fieldStyles as styles } from "./Field";

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/**
 * Tells that Enter sends, and sends on a press: phones have no Ctrl key. Outside forms only, since in a form Enter
 * submits, and only where the author waits for it.
 */
export function EnterButton({
  node,
  label,
  pending,
  lines = "one",
}: {
  node: ComponentNode & { model: { properties: { hasOnEnterHook?: boolean | null } } };
  label: string | null;
  pending: boolean;
  lines?: "one" | "several";
}) {
  const actions = useActions();
  if (!node.model.properties.hasOnEnterHook || node.formId !== null) return null;
  const keys = lines === "one" ? "Enter" : MAC ? "⌘ Enter" : "Ctrl Enter";
  return (
    <Button
      slot={null}
      className={`${styles.inside} ${styles.enter}`}
      aria-label={`${keys}: send ${label ?? "the value"}`}
      onPress={() => actions.enter(node)}
    >
      {pending ? <Spinner size="sm" /> : <Icon name="enter" size={14} />}
      <span aria-hidden="true" className={styles.keys}>
        {keys}
      </span>
    </Button>
  );
}

/** Enter that means "send": not the one that ends the choosing of a character in an input method. */
export function isSendKey(
  event: { key: string; ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; nativeEvent: { isComposing?: boolean } },
  lines: "one" | "several",
): boolean {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return false;
  return lines === "one" ? !event.shiftKey : event.ctrlKey || event.metaKey;
}
