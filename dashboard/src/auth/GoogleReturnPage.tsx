import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../api/http";
import { formatParams } from "../model/params";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Wait } from "../ui/Wait";
import { type Arrival, arrival, rememberNewUser, signIn } from "./google";
import { journeyOf } from "./journey";

/** Taken once, when this file is loaded: the token leaves the address bar and the history at once. */
const came: Arrival = arrival(location.hash);
history.replaceState(history.state, "", location.pathname);

/** `/auth/google-oauth/redirect`: back from Google. */
export function GoogleReturnPage() {
  const navigate = useNavigate();
  const [problem, setProblem] = useState<{ title: string; text: string; newAccount: boolean } | null>(
    came.kind === "failed" ? { title: "You are not signed in", text: came.reason, newAccount: true } : null,
  );
  useEffect(() => {
    if (came.kind === "failed") return;
    const journey = journeyOf(came.journey);
    let gone = false;
    signIn(came.token, journey).then(
      (answer) => {
        if (gone) return;
        if (answer.type === "existing-user") {
          void navigate({ to: journey.redirect ?? "/home", replace: true });
          return;
        }
        rememberNewUser({ ...answer, token: came.token });
        const { inviteCode, inviteExpiresAt } = journey;
        void navigate({
          to: `/new-user-flow${formatParams({ stage: "userInfo", inviteCode, inviteExpiresAt })}`,
          replace: true,
        });
      },
      (error: unknown) => {
        if (gone) return;
        const nobody = error instanceof ApiError && error.internalCode === "0a";
        setProblem({
          title: nobody ? "Nobody here has this account" : "You are not signed in",
          text: error instanceof Error ? error.message : String(error),
          newAccount: nobody,
        });
      },
    );
    return () => {
      gone = true;
    };
  }, [navigate]);
  return (
    <Frame title="Sign in with Google">
      {problem ? (
        <Message
          title={problem.title}
          actions={
            <>
              <LinkButton to="/auth/login?otherAccount=true">Use another account</LinkButton>
              {problem.newAccount && (
                <LinkButton to="/auth/signup" appearance="outline">
                  Create an account
                </LinkButton>
              )}
            </>
          }
        >
          <p>{problem.text}</p>
        </Message>
      ) : (
        <Wait what="Signing you in…" />
      )}
    </Frame>
  );
}
