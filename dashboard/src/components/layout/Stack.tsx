import { type ComponentProps, Render } from "../Render";
import { flexProps } from "./flex";

/** A row, a column or a card. */
export function Stack({ node }: ComponentProps<"layout-stack">) {
  return (
    <div {...flexProps(node.model)}>
      {node.model.children.map((id) => (
        <Render key={id} id={id} />
      ))}
    </div>
  );
}
