import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError, call } from "../api/http";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { journeyOf } from "./journey";
import { Providers } from "./Providers";

/** `/auth/login`. Who is signed in already goes on, unless another account is wanted. */
export function SignInPage() {
  const journey = journeyOf(useSearch({ strict: false }));
  const navigate = useNavigate();
  const [checked, setChecked] = useState(journey.otherAccount === true);
  const [email, setEmail] = useState<string | null>(null);
  const { redirect, environmentId, otherAccount } = journey;
  useEffect(() => {
    let gone = false;
    const look = async () => {
      try {
        await call("GET", "/auth/check");
        if (gone) return;
        if (otherAccount) {
          const home = await call<{ user: { email: string } }>("GET", "/initialize").catch(() => null);
          if (!gone) setEmail(home?.user.email ?? null);
          return;
        }
        // A visitor of a public app is signed in as nobody: where an app wants a name, ask for it.
        const member = await call("GET", "/initialize").then(
          () => true,
          (error: unknown) => !(error instanceof ApiError && error.status === 401),
        );
        if (gone) return;
        if (member) await navigate({ to: redirect ?? "/home", replace: true });
        else setChecked(true);
      } catch {
        if (!gone) setChecked(true);
      }
    };
    void look();
    return () => {
      gone = true;
    };
  }, [redirect, otherAccount, navigate]);

  return (
    <Frame title="Sign in">
      {checked && (
        <Message
          title="Sign in"
          actions={
            !environmentId && (
              <p>
                New here?{" "}
                <LinkButton to="/auth/signup" appearance="plain">
                  Create an account
                </LinkButton>
              </p>
            )
          }
        >
          <p>
            {environmentId
              ? "This app is for people it was shared with."
              : "Use the account that your team knows you by."}
          </p>
          {email && (
            <p>
              You are signed in as <b>{email}</b>.
            </p>
          )}
          <Providers journey={journey} verb="Sign in" />
        </Message>
      )}
    </Frame>
  );
}
