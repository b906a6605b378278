import { Component, memo, type ReactNode, Suspense } from "react";
import { topic } from "../model/execution";
import type { ComponentNode, ComponentType } from "../model/types";
import { RenderContext, useNode, useTopic } from "./hooks";
import { Placeholder, Waiting } from "./Placeholder";
import { registry } from "./registry";

/** What a component gets. `node.model` is immutable: a new one means an update. */
export interface ComponentProps<T extends ComponentType = ComponentType> {
  node: ComponentNode<T>;
}

/** One component by id. Layouts render their children with it. */
export const Render = memo(function Render({ id }: { id: string }) {
  const node = useNode(id);
  if (!node || node.type === "display-none") return null;
  // Own entries only: a type named "constructor" is as unknown as any other.
  const Shown = (Object.hasOwn(registry, node.type) ? registry[node.type] : undefined) as
    | React.ComponentType<ComponentProps>
    | undefined;
  if (!Shown) return <Placeholder type={node.type} />;
  return (
    <Boundary type={node.type} node={node}>
      <Suspense fallback={<Waiting type={node.type} />}>
        <Shown node={node} />
      </Suspense>
    </Boundary>
  );
});

/** One render: its root, within its own names. */
export const RenderRoot = memo(function RenderRoot({ renderId }: { renderId: string }) {
  const rootId = useTopic(topic.root(renderId), (execution) => execution.render(renderId)?.rootId);
  if (rootId === undefined) return null;
  return (
    <RenderContext.Provider value={renderId}>
      <Render id={rootId} />
    </RenderContext.Provider>
  );
});

/** A component that fails shows so; the rest of the page works on. It gets a new try with its next model. */
class Boundary extends Component<
  { type: string; node: ComponentNode; children: ReactNode },
  { reason: string | null }
> {
  override state: { reason: string | null } = { reason: null };

  static getDerivedStateFromError(error: unknown): { reason: string } {
    // After an update of the server the files of the old dashboard are gone.
    const missing =
      error instanceof Error && /dynamically imported module|importing a module script/i.test(error.message);
    return { reason: missing ? "could not be loaded. Please reload this page" : "could not be shown" };
  }

  override componentDidUpdate(before: { node: ComponentNode }): void {
    if (this.state.reason !== null && before.node !== this.props.node) this.setState({ reason: null });
  }

  override render(): ReactNode {
    if (this.state.reason === null) return this.props.children;
    return <Placeholder type={this.props.type} reason={this.state.reason} />;
  }
}
