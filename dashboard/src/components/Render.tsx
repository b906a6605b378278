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
  { failed: ComponentNode | null }
> {
  override state: { failed: ComponentNode | null } = { failed: null };
  override componentDidCatch(): void {
    this.setState({ failed: this.props.node });
  }
  static getDerivedStateFromError(): null {
    return null;
  }
  override render(): ReactNode {
    if (this.state.failed && this.state.failed === this.props.node) {
      return <Placeholder type={this.props.type} reason="could not be shown" />;
    }
    return this.props.children;
  }
}
