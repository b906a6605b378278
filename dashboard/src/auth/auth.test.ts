import { afterEach, describe, expect, test, vi } from "vitest";
import { arrival, departure } from "./google";
import { journeyOf } from "./journey";
import { ownPath } from "./own-path";

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

test("after a sign-in people end on a page of ours", () => {
  for (const path of ["/home", "/app/1/a?b=c&d=%20#e"]) expect(ownPath(path)).toBe(path);
  expect(ownPath(`${location.origin}/home`)).toBe("/home");
  for (const bad of [
    "//evil.test",
    "https://evil.test",
    "javascript:alert(1)",
    "/\\evil.test",
    "/a/..//evil.test",
    "/api/v1/auth/logout",
    "",
    7,
    undefined,
  ]) {
    expect(ownPath(bad), String(bad)).toBe("/home");
  }
});

test("a journey keeps what it needs and nothing else", () => {
  expect(
    journeyOf({ redirect: "/app/x", environmentId: "e", appRoute: 12, newAccount: true, inviteExpiresAt: 5, other: 1 }),
  ).toEqual({
    redirect: "/app/x",
    environmentId: "e",
    appRoute: "12",
    newAccount: true,
    inviteExpiresAt: 5,
  });
  expect(journeyOf({ redirect: "https://evil.test", newAccount: "yes" })).toEqual({ redirect: "/home" });
});

describe("Google's flow with a token", () => {
  const leave = async () => {
    const fetched = vi.fn(async () => new Response('{"url":"https://accounts.google.test/auth?client_id=1"}'));
    vi.stubGlobal("fetch", fetched);
    const address = new URL(await departure({ redirect: "/app/e/a?n=1", environmentId: "e", appRoute: "a" }, "secret"));
    return JSON.parse(address.searchParams.get("state") ?? "");
  };
  const back = (state: object) => arrival(`#access_token=token&state=${encodeURIComponent(JSON.stringify(state))}`);

  test("the whole journey goes there and comes back, with the proof that it was begun here", async () => {
    const state = await leave();
    expect(state).toEqual({ redirect: "/app/e/a?n=1", environmentId: "e", appRoute: "a", csrf: "secret" });
    expect(back(state)).toMatchObject({ kind: "token", token: "token" });
    // Once.
    expect(back(state).kind).toBe("failed");
  });

  test("a sign-in that was begun elsewhere is refused", async () => {
    expect(back({ csrf: "secret" }).kind).toBe("failed");
    await leave();
    expect(back({ csrf: "other" }).kind).toBe("failed");
    await leave();
    expect(arrival("#error=access_denied").kind).toBe("failed");
    await leave();
    expect(arrival("").kind).toBe("failed");
  });
});
