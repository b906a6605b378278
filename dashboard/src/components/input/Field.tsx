/** What all inputs have in common: label, description and errors, tied to the control by React Aria's contexts. */
import type { ReactNode } from "react";
import { FieldError, Label, Text } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import styles from "./field.module.css";

export { styles as fieldStyles };

export function FieldLabel({ children, required }: { children: ReactNode; required: boolean }) {
  return (
    <Label className={styles.label}>
      {children}
      {!required && <OptionalMark />}
    </Label>
  );
}

export function OptionalMark() {
  return <span className={styles.optional}> (optional)</span>;
}

export function FieldDescription({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <Text slot="description" className={styles.description}>
      {text}
    </Text>
  );
}

/** Shown while the field around it is invalid, and read with it. */
export function FieldErrors({ errors }: { errors: string[] }) {
  return (
    <FieldError className={styles.errors} aria-live="polite">
      {errors.length > 0 ? <ErrorList errors={errors} /> : null}
    </FieldError>
  );
}

export function ErrorList({ errors }: { errors: string[] }) {
  return errors.map((error) => (
    <span key={error} className={styles.error}>
      <Icon name="alert" size={14} />
      <span>{error}</span>
    </span>
  ));
}
