import { useMemo, useState } from "react";
import { Button } from "react-aria-components";
import type { Json } from "../../model/types";
import { Copy } from "../../ui/Copy";
import { Icon } from "../../ui/Icon";
import type { ComponentProps } from "../Render";
import styles from "./json.module.css";
import { Titled } from "./Titled";

/** Entries shown of one list or object at a time. */
const STEP = 100;
/** How deep it is unfolded at first. */
const OPEN_DEPTH = 2;
/** Text beyond this many characters is cut in the tree; copying gives all of it. */
const LONGEST = 2_000;

/** Any JSON as a tree that folds. What is folded is not in the document. */
export function JsonDisplay({ node }: ComponentProps<"display-json">) {
  const { json, label, description } = node.model.properties;
  const text = useMemo(() => JSON.stringify(json ?? null, null, 2), [json]);
  return (
    <Titled
      label={label}
      description={description}
      style={node.model.style}
      kind="JSON"
      tools={<Copy text={text} label="Copy" appearance="plain" />}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.tree} tabIndex={0}>
        <Value value={json ?? null} depth={0} last />
      </div>
    </Titled>
  );
}

interface ValueProps {
  /** The key in the object around it. */
  name?: string;
  value: Json;
  depth: number;
  last: boolean;
}

function Value({ name, value, depth, last }: ValueProps) {
  if (value !== null && typeof value === "object") {
    return <Branch name={name} value={value} depth={depth} last={last} />;
  }
  return (
    <div className={styles.line}>
      <Key name={name} />
      <Leaf value={value} />
      {!last && ","}
    </div>
  );
}

function Branch({ name, value, depth, last }: ValueProps & { value: Json[] | { [key: string]: Json } }) {
  const list = Array.isArray(value);
  const entries: [string | undefined, Json][] = list ? value.map((item) => [undefined, item]) : Object.entries(value);
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(STEP);
  const [first, end] = list ? "[]" : "{}";
  const count = `${entries.length} ${list ? (entries.length === 1 ? "item" : "items") : entries.length === 1 ? "key" : "keys"}`;
  if (entries.length === 0) {
    return (
      <div className={styles.line}>
        <Key name={name} />
        {first}
        {end}
        {!last && ","}
      </div>
    );
  }
  return (
    <div>
      <div className={styles.line}>
        <Button
          className={styles.fold}
          aria-expanded={open}
          aria-label={`${name ?? (depth === 0 ? "All" : "Item")}, ${count}`}
          onPress={() => setOpen(!open)}
        >
          <Icon name={open ? "chevronDown" : "chevronRight"} size={12} />
        </Button>
        <Key name={name} />
        {first}
        {!open && (
          <>
            <span className={styles.count}> {count} </span>
            {end}
            {!last && ","}
          </>
        )}
      </div>
      {open && (
        <>
          <div className={styles.inner}>
            {entries.slice(0, shown).map(([key, item], at) => (
              <Value key={key ?? at} name={key} value={item} depth={depth + 1} last={at === entries.length - 1} />
            ))}
            {entries.length > shown && (
              <Button className={styles.more} onPress={() => setShown(shown + STEP)}>
                {Math.min(STEP, entries.length - shown)} more of {entries.length - shown}
              </Button>
            )}
          </div>
          <div className={styles.line}>
            {end}
            {!last && ","}
          </div>
        </>
      )}
    </div>
  );
}

function Key({ name }: { name: string | undefined }) {
  if (name === undefined) return null;
  return (
    <>
      <span className={styles.key}>{JSON.stringify(name)}</span>
      {": "}
    </>
  );
}

function Leaf({ value }: { value: string | number | boolean | null }) {
  const text = JSON.stringify(value);
  return (
    <span className={styles.leaf} data-type={value === null ? "null" : typeof value}>
      {text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text}
    </span>
  );
}
