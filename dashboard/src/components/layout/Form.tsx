import type { KeyboardEvent } from "react";
import { useActions, useForm } from "../hooks";
import { ErrorList } from "../input/Field";
import { type ComponentProps, Render } from "../Render";
import { flexProps } from "./flex";
import styles from "./form.module.css";

/** A form. Its fields are all inputs below it; Enter in a one-line input submits it. */
export function Form({ node }: ComponentProps<"layout-form">) {
  const actions = useActions();
  const form = useForm(node.model.id);
  const submit = () => actions.submit(node.model.id);
  const onEnter = (event: KeyboardEvent<HTMLFormElement>, ticks: boolean) => {
    if (!submitsByEnter(event) || isTick(event.target as HTMLInputElement) !== ticks) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      {...flexProps(node.model)}
      noValidate
      aria-busy={form?.submitting || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => onEnter(event, false)}
      // The base keeps the keys of these to itself.
      onKeyDownCapture={(event) => onEnter(event, true)}
    >
      {node.model.children.map((id) => (
        <Render key={id} id={id} />
      ))}
      <div role="alert" className={styles.error}>
        {form?.error && <ErrorList errors={[form.error]} />}
      </div>
    </form>
  );
}

/** Enter in a field that has no use of its own for it. Text fields and open lists have dealt with theirs before. */
function submitsByEnter(event: KeyboardEvent<HTMLFormElement>): boolean {
  if (event.key !== "Enter" || event.isDefaultPrevented() || event.nativeEvent.isComposing) return false;
  // What opens above the page is inside the form for React, but not in the document.
  return event.target instanceof HTMLInputElement && event.currentTarget.contains(event.target);
}

const isTick = (input: HTMLInputElement) => input.type === "radio" || input.type === "checkbox";
