import { useEffect, useState } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";

/** Copies a text, and says that it did. */
export function Copy({
  text,
  label,
  appearance = "outline",
}: {
  text: string;
  label: string;
  appearance?: "outline" | "plain";
}) {
  const [state, setState] = useState<"ready" | "copied" | "failed">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => setState("ready"), 2_500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return (
    <Button appearance={appearance} onPress={() => void copy()}>
      <span className="with-icon">
        <Icon name={state === "copied" ? "check" : "copy"} />
        <span aria-live="polite">
          {state === "copied" ? "Copied" : state === "failed" ? "Not possible here" : label}
        </span>
      </span>
    </Button>
  );
}
