/** Google's flow with a token in the browser (dashboard 4.2), for servers that have no client secret. */
import { call } from "../api/http";
import type { Journey } from "./journey";

const CSRF = "googleOauth2CsrfToken";
const HEADER = "x-compose-goog-oauth2-access-token";

/** The address at Google to go to; remembers what must come back. */
export async function departure(journey: Journey, csrf: string): Promise<string> {
  // Google knows the address with https only; on this machine's own name it may be http.
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname);
  const origin = local ? location.origin : `https://${location.host}`;
  const { url } = await call<{ url: string }>("POST", "/auth/oauth/login", {
    provider: "google",
    redirect: `${origin}/auth/google-oauth/redirect`,
  });
  sessionStorage.setItem(CSRF, csrf);
  const { otherAccount, ...state } = journey;
  const address = new URL(url);
  address.searchParams.set("state", JSON.stringify({ ...state, csrf }));
  if (otherAccount) address.searchParams.set("prompt", "select_account");
  return address.href;
}

export type Arrival =
  | { kind: "token"; token: string; journey: Record<string, unknown> }
  | { kind: "failed"; reason: string };

/** Reads the hash that Google came back with. Each token is good once. */
export function arrival(hash: string): Arrival {
  const answer = new URLSearchParams(hash.replace(/^#/, ""));
  const expected = sessionStorage.getItem(CSRF);
  sessionStorage.removeItem(CSRF);
  if (answer.has("error")) return { kind: "failed", reason: "Google has cancelled or refused the sign-in." };
  const token = answer.get("access_token");
  if (!token) return { kind: "failed", reason: "Google has sent no proof of who you are." };
  let state: unknown;
  try {
    state = JSON.parse(answer.get("state") ?? "");
  } catch {
    state = null;
  }
  const journey = typeof state === "object" && state !== null ? (state as Record<string, unknown>) : {};
  if (expected === null || journey.csrf !== expected) {
    return { kind: "failed", reason: "This sign-in was not begun in this tab, or was used already." };
  }
  return { kind: "token", token, journey };
}

export type SignedIn =
  | { type: "existing-user" }
  | { type: "new-user"; email: string; firstName: string | null; lastName: string | null };

export function signIn(token: string, { newAccount, environmentId, appRoute }: Journey): Promise<SignedIn> {
  const body = { newAccount: newAccount ?? false, environmentId: environmentId ?? null, appRoute: appRoute ?? null };
  return call<SignedIn>("POST", "/auth/google-oauth/redirect", body, { [HEADER]: token });
}

/** The header of the sign-up calls; none after a sign-in with a code, where a cookie speaks for the person. */
export function proof(token: string | null): Record<string, string> {
  return token ? { [HEADER]: token } : {};
}

/** A person on the way to an account: in memory only, never in an address or in storage. */
export interface NewUser {
  token: string | null;
  email: string;
  firstName: string | null;
  lastName: string | null;
}
let newUser: NewUser | null = null;
export const rememberNewUser = (user: NewUser | null): void => {
  newUser = user;
};
export const rememberedNewUser = (): NewUser | null => newUser;
