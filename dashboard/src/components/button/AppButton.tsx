import { useRef } from "react";
import { labelFromId } from "../../model/label";
import { Button } from "../../ui/Button";
import { useActions, useBlocked, useForm, usePending } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";

/** A second press within this time is the same one, made by an unsteady hand (milliseconds). */
const DOUBLE_CLICK = 300;

/** A button of an app: an ordinary one, or one that submits the form around it. */
export function AppButton({ node }: ComponentProps<"button-default" | "button-form-submit">) {
  const { id, style, properties } = node.model;
  const actions = useActions();
  const blocked = useBlocked();
  const pending = usePending(id);
  const submits = node.type === "button-form-submit" && node.formId !== null;
  const form = useForm(submits ? node.formId : null);
  const pressed = useRef(Number.NEGATIVE_INFINITY);
  const sends = properties.hasOnClickHook === true || submits;
  const submitting = form?.submitting === true;
  return (
    <Button
      appearance={appearanceOf(properties.appearance)}
      style={safeStyle(style)}
      busy={pending || submitting}
      unavailable={sends && blocked ? blocked : submitting ? "The form is being sent." : null}
      onPress={() => {
        const now = performance.now();
        if (submitting || now - pressed.current < DOUBLE_CLICK) return;
        pressed.current = now;
        if (properties.hasOnClickHook) actions.click(id);
        if (submits && node.formId !== null) actions.submit(node.formId);
      }}
    >
      {properties.label || labelFromId(id)}
    </Button>
  );
}

function appearanceOf(word: string | null | undefined) {
  return word === "outline" || word === "warning" || word === "danger" ? word : "primary";
}
