import { Frame } from "./Frame";
import { LinkButton } from "./LinkButton";
import { Message } from "./Message";

export function NotFound() {
  return (
    <Frame title="Not found">
      <Message title="There is nothing here" actions={<LinkButton to="/home">Home</LinkButton>}>
        <p>This address leads to no page. It may have been mistyped, or the page is gone.</p>
      </Message>
    </Frame>
  );
}
