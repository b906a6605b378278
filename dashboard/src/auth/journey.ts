/** What a sign-in carries from its first page to its last (dashboard 1, 4). */
import { ownPath } from "./own-path";

export interface Journey {
  redirect?: string;
  environmentId?: string;
  appRoute?: string;
  newAccount?: boolean;
  inviteCode?: string;
  inviteExpiresAt?: number;
  otherAccount?: boolean;
}

/** From a query whose values are JSON-like: what looks like a number may be a name. */
export function journeyOf(query: Record<string, unknown>): Journey {
  const text = (name: string) => {
    const value = query[name];
    return value === undefined || value === "" ? undefined : String(value);
  };
  const expires = Number(query.inviteExpiresAt);
  const journey: Journey = {
    redirect: query.redirect === undefined ? undefined : ownPath(query.redirect),
    environmentId: text("environmentId"),
    appRoute: text("appRoute"),
    inviteCode: text("inviteCode"),
    inviteExpiresAt: Number.isFinite(expires) && expires > 0 ? expires : undefined,
    newAccount: query.newAccount === true ? true : undefined,
    otherAccount: query.otherAccount === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(journey).filter(([, value]) => value !== undefined));
}
