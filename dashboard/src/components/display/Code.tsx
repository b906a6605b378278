import { type ReactNode, useEffect, useState } from "react";
import { Copy } from "../../ui/Copy";
import type { ComponentProps } from "../Render";
import styles from "./code.module.css";
import { highlight } from "./highlight";
import { Titled } from "./Titled";

/** Code, coloured when its language is known, with a copy button. */
export function Code({ node }: ComponentProps<"display-code">) {
  const { code, label, description, lang } = node.model.properties;
  const text = String(code ?? "");
  const [coloured, setColoured] = useState<{ text: string; shown: ReactNode } | null>(null);
  useEffect(() => {
    let current = true;
    // Uncoloured code is still code.
    highlight(text, lang ?? "").then(
      (shown) => current && setColoured(shown === null ? null : { text, shown }),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [text, lang]);
  return (
    <Titled
      label={label}
      description={description}
      style={node.model.style}
      kind="Code"
      tools={<Copy text={text} label="Copy" appearance="plain" />}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className={styles.code} tabIndex={0}>
        <code>{coloured?.text === text ? coloured.shown : text}</code>
      </pre>
    </Titled>
  );
}
