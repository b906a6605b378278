/** Where to go after a sign-in: a page of our own origin, or `fallback`. Anything else may be an attacker's. */
export function ownPath(wish: unknown, fallback = "/home"): string {
  if (typeof wish !== "string" || wish === "") return fallback;
  try {
    const url = new URL(wish, location.origin);
    const path = url.pathname + url.search + url.hash;
    const ours = url.origin === location.origin && url.username === "" && url.password === "";
    return ours && !path.startsWith("//") && !path.startsWith("/api/") ? path : fallback;
  } catch {
    return fallback;
  }
}
