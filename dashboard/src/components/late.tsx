import { lazy, type ComponentType as Shown, Suspense } from "react";
import type { ComponentType } from "../model/types";
import { PartNews, usePart } from "../ui/PartNews";
import { Part } from "../ui/part";
import styles from "./placeholder.module.css";
import type { ComponentProps } from "./Render";

/** A component whose code is fetched when the first one of its kind is shown. */
export class Late<T extends ComponentType = ComponentType> {
  readonly part: Part<{ default: Shown<ComponentProps<T>> }>;
  readonly Component: React.LazyExoticComponent<Shown<ComponentProps<T>>>;

  constructor(fetchCode: () => Promise<Shown<ComponentProps<T>>>) {
    this.part = new Part(async () => ({ default: await fetchCode() }));
    this.Component = lazy(this.part.load);
  }
}

export function LateComponent({ late: { part, Component }, node }: { late: Late } & ComponentProps) {
  return (
    <Suspense fallback={<Waiting part={part} type={node.type} />}>
      <Component node={node} />
    </Suspense>
  );
}

/** While the code loads: about the component's size, so that nothing jumps. */
function Waiting({ part, type }: { part: Part<unknown>; type: string }) {
  const state = usePart(part);
  if (state === "loading") return <div className={styles.waiting} data-type={type} aria-hidden="true" />;
  return <PartNews state={state} />;
}
