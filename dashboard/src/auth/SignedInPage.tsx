import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";

/** The end of a sign-in that was begun beside an open page. */
export function SignedInPage() {
  return (
    <Frame title="Signed in">
      <Message
        title="You are signed in"
        actions={
          <LinkButton to="/home" appearance="outline">
            Home
          </LinkButton>
        }
      >
        <p>Go back to the other tab: it goes on where it was. This one can be closed.</p>
      </Message>
    </Frame>
  );
}
