import { useEffect } from "react";
import { Button } from "../ui/Button";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Wait } from "../ui/Wait";
import type { Access } from "./controller";

/** Why an app is not shown, before it was ever started. */
export function AccessMessage({
  access,
  environmentId,
  tryAgain,
}: {
  access: Access;
  environmentId: string;
  tryAgain: () => void;
}) {
  switch (access.kind) {
    case "refused":
      return (
        <Message
          title="You have no access to this app"
          actions={
            <>
              <LinkButton to={signIn({ otherAccount: true })} reload>
                {access.email ? "Use another account" : "Sign in"}
              </LinkButton>
              {access.email && (
                <LinkButton to="/home" appearance="outline">
                  Your apps
                </LinkButton>
              )}
            </>
          }
        >
          <p>{beyond("You have no access to this app", access.message)}</p>
          {access.email && (
            <p>
              You are signed in as <b>{access.email}</b>.
            </p>
          )}
        </Message>
      );
    case "unknown":
      return (
        <Message
          title="There is no such app"
          actions={
            <>
              <Button onPress={tryAgain}>Try again</Button>
              <LinkButton to="/home" appearance="outline">
                Your apps
              </LinkButton>
            </>
          }
        >
          <p>{access.message}</p>
          <p>Environment {environmentId}</p>
        </Message>
      );
    case "unreachable":
      return (
        <Message title="The server cannot be reached" actions={<Button onPress={tryAgain}>Try again</Button>}>
          <p>{beyond("The server cannot be reached", access.message)} This page tries again by itself.</p>
        </Message>
      );
    default:
      // The entry page takes over.
      return <Wait what="Signing in…" />;
  }
}

/** What a message of the server says besides the title that stands above it. */
function beyond(title: string, message: string): string {
  return message.startsWith(title) ? message.slice(title.length).replace(/^\.\s*/, "") : message;
}

/** The right has gone while the app was open. What was shown is hidden: it may be nobody's business any more. */
export function LostAccess({ access, again }: { access: Access; again: () => void }) {
  const signedOut = access.kind === "signed-out";
  // Signed in again in the other tab: coming back to this one is enough.
  useEffect(() => {
    if (!signedOut) return;
    const back = () => {
      if (document.visibilityState === "visible") again();
    };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [signedOut, again]);
  if (signedOut) {
    return (
      <Message
        title="You are signed out"
        actions={
          <>
            <LinkButton to={signIn({ redirect: "/auth/signed-in" })} newTab>
              Sign in in a new tab
            </LinkButton>
            <Button appearance="outline" onPress={again}>
              Continue here
            </Button>
          </>
        }
      >
        <p>Your session has ended. Sign in again, then come back to this tab: what you have typed is still here.</p>
      </Message>
    );
  }
  return (
    <Message
      title="You no longer have access to this app"
      actions={
        <>
          <Button appearance="outline" onPress={again}>
            Try again
          </Button>
          <LinkButton to={signIn({ otherAccount: true })} reload>
            {access.kind === "refused" && access.email ? "Use another account" : "Sign in"}
          </LinkButton>
        </>
      }
    >
      <p>Somebody has taken it away, or has stopped sharing the app. Ask the person who gave you the link.</p>
      {access.kind === "refused" && access.email && (
        <p>
          You are signed in as <b>{access.email}</b>.
        </p>
      )}
    </Message>
  );
}

/** To the sign-in for this app, and back to this very address, or to where else it should end. */
function signIn({ redirect, otherAccount }: { redirect?: string; otherAccount?: boolean }): string {
  const [, , environmentId = "", appRoute = ""] = location.pathname.split("/");
  const query = new URLSearchParams({
    redirect: redirect ?? location.pathname + location.search + location.hash,
    environmentId,
    appRoute,
    ...(otherAccount ? { otherAccount: "true" } : {}),
  });
  return `/auth/login?${query}`;
}
