import { CheckboxButton, CheckboxField } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import { Spinner } from "../../ui/Spinner";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./choice.module.css";
import { FieldDescription, FieldErrors, fieldStyles } from "./Field";

/** Yes or no. `required` means nothing here, so nothing says "optional" either. */
export function Checkbox({ node }: ComponentProps<"input-checkbox">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  return (
    <CheckboxField
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      data-full
      style={safeStyle(node.model.style)}
      isSelected={input.value}
      onChange={(selected) => {
        input.setValue(selected);
        actions.select(node.model.id);
      }}
      onBlur={input.onBlur}
      isInvalid={input.invalid}
      validationBehavior="aria"
    >
      <CheckboxButton className={styles.choice}>
        <span className={styles.box}>
          <Icon name="check" size={12} />
        </span>
        <span className={styles.words}>{input.label}</span>
        {input.pending && <Spinner size="sm" />}
      </CheckboxButton>
      <FieldDescription text={input.description} />
      <FieldErrors errors={input.errors} />
    </CheckboxField>
  );
}
