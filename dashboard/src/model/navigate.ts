/** What LINK asks for (CM 13.7), judged: an address to open, or an app of the same environment. */
import { linkHref } from "./links";
import { looksLikeUrl } from "./rules";

export type Target =
  | { kind: "url"; url: string }
  | { kind: "app"; route: string }
  /** Never opened; `reason` is for people. */
  | { kind: "refused"; reason: string };

/** An address that may be opened or shown, or null: http, https, mailto and tel only. */
export function safeUrl(text: string): string | null {
  const trimmed = text.trim();
  // "example.com" and "localhost:3000" are meant as web addresses; "localhost:" alone would read as a scheme.
  const whole = /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:|tel:)/i.test(trimmed) ? trimmed : `https://${trimmed}`;
  return URL.canParse(whole) ? linkHref(whole, whole) : null;
}

export function linkTarget(appRouteOrUrl: string): Target {
  const text = appRouteOrUrl.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && ["javascript", "data", "vbscript", "blob", "file"].includes(scheme)) {
    return { kind: "refused", reason: `The app wants to open an address that is not allowed (${scheme}:).` };
  }
  if (scheme === "mailto" || scheme === "tel" || text.includes("://") || looksLikeUrl(text)) {
    const url = safeUrl(text);
    return url
      ? { kind: "url", url }
      : { kind: "refused", reason: "The app wants to open an address that is not allowed." };
  }
  return { kind: "app", route: text.replace(/^\/+/, "").replace(/\s+/g, "-").toLowerCase() };
}
