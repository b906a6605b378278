import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { beginEarly, takeEarly } from "./early";

const ENV = "11111111-1111-4111-8111-111111111111";

let sockets: string[];
let calls: { path: string; body: unknown }[];

beforeEach(() => {
  [sockets, calls] = [[], []];
  vi.stubGlobal(
    "WebSocket",
    class {
      constructor(url: string) {
        sockets.push(url);
      }
      close() {}
    },
  );
  vi.stubGlobal("fetch", async (path: string, { body }: { body: string }) => {
    calls.push({ path, body: JSON.parse(body) });
    return new Response("{}");
  });
});
afterEach(() => vi.unstubAllGlobals());

test("the address of an app is enough to ask for its socket and the right to it, once", () => {
  beginEarly({ pathname: `/app/${ENV.toUpperCase()}/boat%20list`, search: "?boat=7" });
  expect(sockets).toHaveLength(1);
  const query = new URL(sockets[0] ?? "").searchParams;
  expect([query.get("environmentId"), query.get("appRoute")]).toEqual([ENV, "boat list"]);
  expect(calls).toMatchObject([{ body: { environmentId: ENV, appRoute: "boat list" } }]);
  const taken = takeEarly(ENV);
  expect(taken).toMatchObject({ appRoute: "boat list", query: "?boat=7" });
  expect(takeEarly(ENV)).toBeNull();
  taken?.controller.dispose();
});

test("another environment does not get it", () => {
  beginEarly({ pathname: `/app/${ENV}/boats`, search: "" });
  expect(takeEarly("22222222-2222-4222-8222-222222222222")).toBeNull();
});

test.each(["/home", "/app/x", "/app/%E0%A4%A/boats", `/app/${ENV}/%E0%A4%A`])("nothing begins at %s", (pathname) => {
  beginEarly({ pathname, search: "" });
  expect([sockets, calls, takeEarly(ENV)]).toEqual([[], [], null]);
});
