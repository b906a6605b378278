import { useId } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components";
import type { ButtonAppearance } from "../model/types";
import styles from "./button.module.css";
import { Spinner } from "./Spinner";

export interface OurButtonProps extends Omit<ButtonProps, "className" | "isPending"> {
  appearance?: ButtonAppearance | "plain";
  /** Something was sent and no sign of life has come: it says so and stays usable. */
  busy?: boolean;
  /** Why a press would do nothing now. The button stays reachable, so that the reason can be read. */
  unavailable?: string | null;
}

/** Our button, in the appearances of the SDKs and one plain. */
export function Button({ appearance = "primary", busy = false, unavailable, children, ...rest }: OurButtonProps) {
  const reason = useId();
  return (
    <>
      <AriaButton
        {...rest}
        className={styles.button}
        data-appearance={appearance}
        data-busy={busy || undefined}
        aria-disabled={unavailable ? true : undefined}
        aria-describedby={unavailable ? reason : rest["aria-describedby"]}
      >
        {(state) => (
          <>
            <span className={styles.label}>{typeof children === "function" ? children(state) : children}</span>
            {busy && (
              <span className={styles.busy}>
                <Spinner size="sm" />
              </span>
            )}
          </>
        )}
      </AriaButton>
      {unavailable && (
        <span id={reason} hidden>
          {unavailable}
        </span>
      )}
    </>
  );
}
