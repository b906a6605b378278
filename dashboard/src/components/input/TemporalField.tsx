/** What days, times and both have in common: parts that are typed, a way to clear them, Enter that sends. */
import { type CSSProperties, type ReactNode, useState } from "react";
import { Button, type Group } from "react-aria-components";
import type { ComponentNode, InputValues } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { type InputBinding, inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import { safeStyle } from "../style";
import { DateParts, type PartlyFilled, settle, usePartlyFilled } from "./DateParts";
import { EnterButton, isSendKey } from "./EnterButton";
import { fieldStyles } from "./Field";

type TemporalType = "input-date" | "input-date-time" | "input-time";

export interface TemporalField<T extends TemporalType> {
  node: ComponentNode<T>;
  input: InputBinding<T>;
  parts: PartlyFilled<InputValues[T]>;
  clear(): void;
  /** The `key` of the field. */
  fresh: number;
  /** For the field itself. */
  props: ReturnType<typeof inputAnchor> & {
    autoFocus: boolean;
    className: string | undefined;
    style: CSSProperties | undefined;
    onBlur(): void;
    isRequired: boolean;
    isInvalid: boolean;
    validationBehavior: "aria";
  };
}

export function useTemporal<T extends TemporalType>(node: ComponentNode<T>): TemporalField<T> {
  const input = useInput(node);
  const renderId = useRenderId();
  // A half-typed date has no value yet, so clearing it needs a fresh field.
  const [fresh, setFresh] = useState(0);
  const parts = usePartlyFilled<InputValues[T]>(input.value, (value) =>
    input.setValue(value as InputValues[T], "typing"),
  );
  return {
    node,
    input,
    parts,
    clear: () => {
      input.setValue(null as InputValues[T]);
      parts.forget();
      setFresh(fresh + 1);
    },
    fresh,
    props: {
      ...inputAnchor(renderId, node.model.id),
      autoFocus: fresh > 0,
      className: fieldStyles.field,
      style: safeStyle(node.model.style),
      onBlur: input.onBlur,
      isRequired: input.required,
      isInvalid: input.invalid,
      validationBehavior: "aria",
    },
  };
}

/** The row of parts and buttons. A date picker wants it in a `Group`; of a time the field itself is the group. */
export function TemporalRow<T extends TemporalType>({
  field: { node, input, parts, clear },
  as: Row,
  children,
}: {
  field: TemporalField<T>;
  as: typeof Group | "div";
  /** Between the button that clears and the one that sends. */
  children?: ReactNode;
}) {
  const actions = useActions();
  return (
    <Row
      className={fieldStyles.control}
      data-invalid={input.invalid || undefined}
      onKeyDownCapture={(event) => {
        const part = event.target as HTMLElement;
        if (part.getAttribute("role") !== "spinbutton" || !isSendKey(event, "one")) return;
        event.preventDefault();
        settle(part);
        actions.enter(node);
      }}
    >
      <DateParts onFilled={parts.onFilled} />
      {(input.value !== null || parts.partly) && (
        <Button slot={null} className={fieldStyles.inside} aria-label={`Clear ${input.label}`} onPress={clear}>
          <Icon name="cross" />
        </Button>
      )}
      {children}
      <EnterButton node={node} label={input.label} pending={input.pending} />
    </Row>
  );
}
