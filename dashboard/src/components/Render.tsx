import { Component, memo, type ReactNode } from "react";
import { topic } from "../model/topic";
import type { ComponentNode, ComponentType } from "../model/types";
import { RenderContext, useNode, useTopic } from "./hooks";
import { Late, LateComponent } from "./late";
import { Placeholder } from "./Placeholder";
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
    | Late
    | undefined;
  if (!Shown) return <Placeholder type={node.type} />;
  return (
    <Boundary type={node.type} node={node}>
      {Shown instanceof Late ? <LateComponent late={Shown} node={node} /> : <Shown node={node} />}
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
class Boundary extends Component<{ type: string; node: ComponentNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidUpdate(before: { node: ComponentNode }): void {
    if (this.state.failed && before.node !== this.props.node) this.setState({ failed: false });
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <Placeholder type={this.props.type} reason="could not be shown" />;
  }
}
