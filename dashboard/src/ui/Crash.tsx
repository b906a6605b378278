import type { ErrorComponentProps } from "@tanstack/react-router";
import { Button } from "./Button";
import { Frame } from "./Frame";
import { Message } from "./Message";

/** A page that failed: most often its code could not be loaded, after an update of the server or without a network. */
export function Crash({ error }: ErrorComponentProps) {
  return (
    <Frame title="Problem">
      <Message
        title="This page could not be shown"
        actions={<Button onPress={() => location.reload()}>Load it again</Button>}
      >
        <p>The server may have been updated, or cannot be reached right now.</p>
        <p>
          <code>{error instanceof Error ? error.message : String(error)}</code>
        </p>
      </Message>
    </Frame>
  );
}
