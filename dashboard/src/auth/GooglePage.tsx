import { useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { uuid } from "../app/browser";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Wait } from "../ui/Wait";
import { departure } from "./google";
import { journeyOf } from "./journey";

/** `/auth/google-oauth`: leaves for Google. */
export function GooglePage() {
  const search = useSearch({ strict: false });
  const [problem, setProblem] = useState<string | null>(null);
  const journey = JSON.stringify(journeyOf(search));
  useEffect(() => {
    let gone = false;
    departure(JSON.parse(journey), uuid()).then(
      (address) => !gone && location.assign(address),
      (error: unknown) => !gone && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      gone = true;
    };
  }, [journey]);
  return (
    <Frame title="Sign in with Google">
      {problem ? (
        <Message title="Google cannot be asked" actions={<LinkButton to="/auth/login">Back to sign-in</LinkButton>}>
          <p>{problem}</p>
        </Message>
      ) : (
        <Wait what="Going to Google…" />
      )}
    </Frame>
  );
}
