import { useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError, call } from "../api/http";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Notice } from "../ui/Notice";
import { Wait } from "../ui/Wait";
import { type Journey, journeyOf } from "./journey";
import { Providers } from "./Providers";

export interface Invite {
  email: string;
  expiresAt: string;
  company: { name: string } | null;
}

/** `/auth/signup`, with an invite or without. */
export function SignUpPage() {
  const journey: Journey = { ...journeyOf(useSearch({ strict: false })), newAccount: true };
  const invite = useInvite(journey.inviteCode);
  const expired = isExpired(journey, invite.invite);
  return (
    <Frame title="Create an account">
      <Message
        title={invite.invite?.company ? `Join ${invite.invite.company.name}` : "Create an account"}
        actions={
          <p>
            Already have an account?{" "}
            <LinkButton to="/auth/login" appearance="plain">
              Sign in
            </LinkButton>
          </p>
        }
      >
        {invite.loading ? (
          <Wait what="Looking at your invite…" />
        ) : expired || invite.problem ? (
          <Notice tone="warning" title={expired ? "This invite has expired" : "This invite cannot be used"}>
            <p>{invite.problem ?? "Invites are good for three days."} Ask for a new one.</p>
          </Notice>
        ) : (
          <>
            <p>
              {invite.invite ? (
                <>
                  The invite is for <b>{invite.invite.email}</b>: use the account with that address.
                </>
              ) : (
                "Start with the account that you work with. Then you name your team."
              )}
            </p>
            <Providers journey={journey} verb="Continue" />
          </>
        )}
      </Message>
    </Frame>
  );
}

export function isExpired(journey: Journey, invite: Invite | null): boolean {
  const end = invite ? Date.parse(invite.expiresAt) : (journey.inviteExpiresAt ?? Number.POSITIVE_INFINITY);
  return end < Date.now();
}

/** Who an invite is for. */
export function useInvite(code: string | undefined): {
  loading: boolean;
  invite: Invite | null;
  problem: string | null;
} {
  const [state, setState] = useState({
    loading: code !== undefined,
    invite: null as Invite | null,
    problem: null as string | null,
  });
  useEffect(() => {
    if (code === undefined) return;
    let gone = false;
    call<Invite>("GET", `/invite-code/${encodeURIComponent(code)}`).then(
      (invite) => !gone && setState({ loading: false, invite, problem: null }),
      (error: unknown) => {
        const unknown = error instanceof ApiError && (error.status === 404 || error.status === 400);
        const problem = unknown ? "Nobody knows it; it may have been withdrawn." : String((error as Error).message);
        if (!gone) setState({ loading: false, invite: null, problem });
      },
    );
    return () => {
      gone = true;
    };
  }, [code]);
  return state;
}
