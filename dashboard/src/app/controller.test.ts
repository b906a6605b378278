import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../api/http";
import type { AppStart } from "../api/types";
import { SERVER_UPDATE } from "../protocol/connection";
import { FakeClock, fakeSockets } from "../testing/clock";
import { AppController } from "./controller";

const ENV = "11111111-1111-4111-8111-111111111111";
const START = "POST /initialize-environment-and-authorize-app";

let clock: FakeClock;
let sockets: ReturnType<typeof fakeSockets>;
/** What the server answers, by "METHOD /path"; an error is thrown. */
let answers: Record<string, unknown>;
let asked: string[];
let went: [string, unknown, boolean][];
let opened: string[];
let saved: [string, number][];
let blocksTabs: boolean;
let controller: AppController;

const grant = (extra: Partial<AppStart> = {}): AppStart => ({
  app: { name: "Boats", route: "boats" },
  user: { isExternal: false },
  environment: {
    name: "Dev",
    type: "development",
    theme: null,
    apps: [
      { name: "Boats", route: "boats" },
      { name: "Crew", route: "crew" },
    ],
  },
  companyName: "Harbour",
  ...extra,
});

beforeEach(() => {
  clock = new FakeClock();
  sockets = fakeSockets();
  answers = { [START]: grant(), "GET /auth/check": null };
  [asked, went, opened, saved, blocksTabs] = [[], [], [], [], false];
  let ids = 0;
  controller = new AppController(ENV, {
    call: (async (method: string, path: string) => {
      const name = `${method} ${path}`;
      asked.push(name);
      if (!(name in answers)) throw new ApiError(404, "no answer");
      if (answers[name] instanceof Error) throw answers[name];
      return answers[name];
    }) as never,
    clock,
    openSocket: sockets.open,
    origin: "ws://x",
    schedule: (run) => run(),
    random: () => 0,
    uuid: () => `${String(++ids).padStart(8, "0")}-0000-4000-8000-000000000000`,
    isOnline: () => true,
    appAddress: (route) => `/app/${ENV}/${route}`,
    goToApp: (...args) => {
      went.push(args);
      return !blocksTabs;
    },
    openUrl: (url) => {
      opened.push(url);
      return !blocksTabs;
    },
    download: (name, bytes) => saved.push([name, (bytes as Uint8Array).length]),
  });
});

const now = () => controller.snapshot();
const socket = () => sockets.last();
const sessionOf = () => new URL(socket().url).searchParams.get("sessionId");
const environment = (isOnline: boolean) =>
  socket().deliver(`11${sessionOf()}{"type":"11","environmentId":"${ENV}","isOnline":${isOnline}}`);
const frame = (code: string, body: object) =>
  socket().deliver(`${code}${sessionOf()}${now().run?.executionId}${JSON.stringify({ type: code, ...body })}`);
const codes = () => socket().texts.map((text) => text.slice(0, 2));
const field = (initialValue: string | null = null) => ({
  type: "input-text",
  interactionType: "input",
  model: { id: "name", properties: { initialValue, hasOnEnterHook: true } },
});
const toasts = () => controller.toasts.snapshot().map(({ message }) => message);
/** Opens the app and has it show one input. */
const running = async () => {
  const open = controller.open("boats", { n: 1 });
  socket().events.open();
  environment(true);
  await open;
  frame("av", { renderId: "r1", idx: 0, ui: field() });
};

describe("getting in", () => {
  test("asks for the right while the socket opens, then starts with the params", async () => {
    const open = controller.open("boats", { n: 1 });
    expect(sockets.all).toHaveLength(1);
    expect(now().access.kind).toBe("checking");
    socket().events.open();
    environment(true);
    expect(codes()).toEqual([]);
    await open;
    expect(codes()).toEqual(["aa"]);
    expect(socket().texts[0]).toContain('"params":{"n":1}');
    expect(now()).toMatchObject({ access: { kind: "granted" }, blocked: null });
  });

  test("other params start again without asking; another app asks again, on the same socket", async () => {
    await running();
    await controller.open("boats", { n: 2 });
    expect(asked).toEqual([START]);
    await controller.open("crew", {});
    expect(asked).toEqual([START, START]);
    expect(codes()).toEqual(["aa", "aa", "aa"]);
    expect(sockets.all).toHaveLength(1);
  });

  test("a late answer for an app that was left changes nothing", async () => {
    const first = controller.open("boats", {});
    const second = controller.open("crew", {});
    await Promise.all([first, second]);
    expect(now().appRoute).toBe("crew");
    expect(now().run?.appRoute).toBe("crew");
  });

  test("nobody is signed in: the entry page takes over", async () => {
    answers[START] = new ApiError(401, "No.");
    answers["GET /auth/check"] = new ApiError(401, "No.");
    await controller.open("boats", {});
    expect(now().access).toEqual({ kind: "signed-out", duringRun: false });
    expect(socket().closed).toBe(true);
  });

  test("a member who may not: told as whom, and the login stays", async () => {
    answers[START] = new ApiError(401, "No access.");
    answers["GET /initialize"] = { user: { email: "a@x.test" } };
    await controller.open("boats", {});
    expect(now().access).toMatchObject({ kind: "refused", email: "a@x.test", message: "No access." });
    expect(asked).not.toContain("GET /auth/logout");
  });

  test("an unknown app is told; an unreachable server is asked again when the socket gets through", async () => {
    answers[START] = new ApiError(400, "This app does not exist.");
    await controller.open("boats", {});
    expect(now().access).toEqual({ kind: "unknown", message: "This app does not exist." });

    answers[START] = new ApiError(0, "Not reached.");
    await controller.open("crew", {});
    expect(now().access.kind).toBe("unreachable");
    answers[START] = grant({ app: { name: "Crew", route: "crew" } });
    socket().events.open();
    environment(true);
    await vi.waitFor(() => expect(now().access.kind).toBe("granted"));
    expect(codes()).toEqual(["aa"]);
  });
});

describe("staying", () => {
  test("what was typed survives a restart of the app's server", async () => {
    await running();
    now().execution?.setValue("r1", "name", "typed");
    frame("ay", { exists: false });
    await vi.waitFor(() => expect(codes()).toEqual(["aa", "aa"]));
    // The old page stays until the new run says something.
    expect(now()).toMatchObject({ replacing: true });
    expect(now().execution?.input("r1", "name")?.value).toBe("typed");
    frame("av", { renderId: "r2", idx: 0, ui: field() });
    expect(now()).toMatchObject({ replacing: false });
    expect(now().execution?.input("r2", "name")).toMatchObject({ value: "typed", dirty: true });
    expect(toasts()[0]).toContain("What you had typed has been kept");
  });

  test("what was typed survives a restart by hand, also what Enter has sent", async () => {
    await running();
    now().execution?.setValue("r1", "name", "typed");
    now().execution?.enter("r1", "name");
    controller.restart();
    frame("av", { renderId: "r2", idx: 0, ui: field() });
    expect(now().execution?.input("r2", "name")).toMatchObject({ value: "typed", dirty: true });
    expect(toasts()).toEqual(["What you had typed has been kept."]);
    // The app itself starts afresh when it wants to.
    frame("bc", {});
    frame("av", { renderId: "r3", idx: 0, ui: field() });
    expect(now().execution?.input("r3", "name")?.value).toBe("");
  });

  test("a new run that says nothing does not hide behind the old page for ever", async () => {
    await running();
    frame("ay", { exists: false });
    expect(now()).toMatchObject({ replacing: true });
    clock.advance(10_000);
    expect(now()).toMatchObject({ replacing: false });
    expect(now().execution?.page.started).toBe(false);
  });

  test("no answer is missed while a file is still on its way", async () => {
    await running();
    const form = {
      type: "layout-form",
      interactionType: "layout",
      model: { id: "f", properties: { hasOnSubmitHook: true }, children: [] },
    };
    frame("av", { renderId: "r2", idx: 1, ui: form });
    now().execution?.submit("r2", "f");
    socket().buffered = 5_000_000;
    clock.advance(30_000);
    expect(now().execution?.form("r2", "f")).toEqual({ submitting: true, error: null });
    socket().buffered = 0;
    clock.advance(30_000);
    expect(now().execution?.form("r2", "f")).toMatchObject({ submitting: false });
  });

  test("a loss that is told twice starts the app once, also while the right is asked for", async () => {
    await running();
    socket().deliver(`14${sessionOf()}{"type":"14","environmentId":"${ENV}"}`);
    await vi.waitFor(() => expect(asked).toContain(`GET /environment/${ENV}/details`));
    frame("ay", { exists: false });
    frame("ay", { exists: false });
    await vi.waitFor(() => expect(toasts()).toHaveLength(1));
    await vi.waitFor(() => expect(asked.filter((name) => name === START)).toHaveLength(3));
    await new Promise((resolve) => setTimeout(resolve));
    expect(codes()).toEqual(["aa", "aa"]);
    expect(toasts()).toHaveLength(1);
  });

  test("another initial value is the app's wish: it wins", async () => {
    await running();
    now().execution?.setValue("r1", "name", "typed");
    frame("ay", { exists: false });
    frame("av", { renderId: "r2", idx: 0, ui: field("new") });
    expect(now().execution?.input("r2", "name")?.value).toBe("new");
  });

  test("two losses in a row lose nothing either", async () => {
    await running();
    now().execution?.setValue("r1", "name", "typed");
    frame("ay", { exists: false });
    frame("ay", { exists: false });
    frame("av", { renderId: "r3", idx: 0, ui: field() });
    expect(now().execution?.input("r3", "name")?.value).toBe("typed");
  });

  test("every loss says why nothing can be sent", async () => {
    await running();
    environment(false);
    expect(now().blocked).toContain("not connected");
    environment(true);
    expect(now().blocked).toBeNull();
    controller.networkWent();
    expect(now().blocked).toContain("offline");
    controller.networkCame();
    socket().events.open();
    environment(true);
    socket().events.close(SERVER_UPDATE);
    expect(now().blocked).toContain("updated");
  });

  test("a taken right hides the app; a right that is still there goes on", async () => {
    await running();
    socket().events.close(4002);
    await vi.waitFor(() => expect(sockets.all).toHaveLength(2));
    expect(now().access.kind).toBe("granted");
    socket().events.open();
    environment(true);
    expect(codes()).toEqual(["ae"]);

    answers[START] = new ApiError(401, "No access.");
    socket().events.close(4002);
    await vi.waitFor(() => expect(now().access.kind).toBe("refused"));
    expect(now().access).toMatchObject({ duringRun: true });
    expect(now().blocked).toContain("no access");
  });

  test("signed out elsewhere: sign in again and go on with what was typed, as a new session", async () => {
    await running();
    now().execution?.setValue("r1", "name", "typed");
    const before = sessionOf();
    answers[START] = new ApiError(401, "No.");
    answers["GET /auth/check"] = new ApiError(401, "No.");
    socket().events.close(4002);
    await vi.waitFor(() => expect(now().access).toEqual({ kind: "signed-out", duringRun: true }));
    answers[START] = grant();
    await controller.tryAgain();
    socket().events.open();
    environment(true);
    expect(sessionOf()).not.toBe(before);
    frame("av", { renderId: "r2", idx: 0, ui: field() });
    expect(now().execution?.input("r2", "name")?.value).toBe("typed");
  });

  test("a server that refuses the socket is asked why, not at once and not for ever", async () => {
    await running();
    answers[START] = new ApiError(401, "No access.");
    socket().events.close(1006);
    clock.advance(6_000);
    socket().events.close(1006);
    expect(now().access.kind).toBe("granted");
    clock.advance(10_000);
    socket().events.close(1006);
    await vi.waitFor(() => expect(now().access.kind).toBe("refused"));
  });

  test("a submit without an answer is waited for half a minute, not counting the time in which its files leave", async () => {
    await running();
    const form = { id: "form", children: [field("x")], properties: { hasOnSubmitHook: true } };
    frame("av", { renderId: "r2", idx: 1, ui: { type: "layout-form", interactionType: "layout", model: form } });
    const state = () => now().execution?.form("r2", "form");
    now().execution?.submit("r2", "form");
    socket().buffered = 1_000_000;
    clock.advance(60_000);
    expect(state()).toMatchObject({ submitting: true, error: null });
    socket().buffered = 0;
    clock.advance(29_000);
    expect(state()).toMatchObject({ submitting: true, error: null });
    clock.advance(6_000);
    expect(state()).toMatchObject({ submitting: false, error: expect.stringContaining("30 seconds") });
  });

  test("a submit that never left is not waited for", async () => {
    await running();
    const form = {
      type: "layout-form",
      interactionType: "layout",
      model: {
        id: "f",
        properties: { hasOnSubmitHook: true },
        children: [{ ...field(), model: { id: "x", required: false, properties: {} } }],
      },
    };
    frame("av", { renderId: "r2", idx: 1, ui: form });
    environment(false);
    now().execution?.submit("r2", "f");
    expect(now().execution?.form("r2", "f")).toMatchObject({ submitting: false });
    expect(now().execution?.form("r2", "f")?.error).toContain("Not sent");
  });

  test("a new configuration brings new names, and tells when the app is gone", async () => {
    await running();
    const details = (apps: object[]) => ({ environment: { apps, theme: null, data: null } });
    answers[`GET /environment/${ENV}/details`] = details([{ name: "Ships", route: "boats" }]);
    socket().deliver(`14${sessionOf()}{"type":"14","environmentId":"${ENV}"}`);
    await vi.waitFor(() => expect(now().grant?.app.name).toBe("Ships"));
    answers[`GET /environment/${ENV}/details`] = details([{ name: "Crew", route: "crew" }]);
    socket().deliver(`14${sessionOf()}{"type":"14","environmentId":"${ENV}"}`);
    await vi.waitFor(() => expect(now().grant?.environment.apps).toHaveLength(1));
    answers[START] = new ApiError(400, "This app does not exist.");
    frame("ay", { exists: false });
    await vi.waitFor(() => expect(now().access.kind).toBe("unknown"));
  });
});

test("a login that another tab has changed is said, once for each", async () => {
  answers[START] = grant({ user: { id: "u", firstName: "A", lastName: "B", email: "a@x.test" } as AppStart["user"] });
  await running();
  controller.signedInElsewhere("a@x.test");
  controller.signedInElsewhere(null);
  expect(toasts()).toEqual([]);
  controller.signedInElsewhere("b@x.test");
  expect(toasts()).toEqual(["This browser is signed in as b@x.test now; this page was opened by a@x.test."]);
  expect(controller.toasts.snapshot()[0]?.action?.url).toBe(`/app/${ENV}/boats`);
  controller.signedInElsewhere("b@x.test");
  controller.signedInElsewhere(null);
  controller.signedInElsewhere("b@x.test");
  expect(toasts()).toHaveLength(1);
  controller.signedInElsewhere("c@x.test");
  expect(toasts()).toHaveLength(2);
  controller.signedInElsewhere("a@x.test");
  controller.signedInElsewhere("c@x.test");
  expect(toasts()).toHaveLength(3);
});

describe("what apps ask for", () => {
  test("errors are shown to members with their stack, to others with one line", async () => {
    await running();
    const message =
      'An error occurred while running the app:\n\nhandler failed\nsecond line\n\n  File "a.py", line 1, in x\n';
    frame("au", { errorMessage: message });
    expect(now().failure).toMatchObject({ message: "handler failed\nsecond line", severity: "error" });
    expect(now().failure?.stack).toContain("a.py");
    frame("au", { errorMessage: "later", severity: "warning" });
    expect(now().failure?.severity).toBe("error");
    frame("au", { errorMessage: "just so", severity: "info" });
    expect(toasts()).toEqual(["just so"]);

    answers[START] = grant({ user: { isExternal: true } });
    await controller.open("crew", {});
    frame("au", { errorMessage: message });
    expect(now().failure).toMatchObject({ message: "handler failed", stack: "" });
  });

  test("links go to apps that exist and to harmless addresses", async () => {
    await running();
    frame("ba", { appRouteOrUrl: " /Crew ", params: { a: 1 } });
    expect(went).toEqual([["crew", { a: 1 }, false]]);
    frame("ba", { appRouteOrUrl: "nowhere" });
    expect(toasts()).toEqual(["There is no app “nowhere” here."]);
    frame("ba", { appRouteOrUrl: "https://example.com/x" });
    frame("ba", { appRouteOrUrl: "mailto:a@b.cd" });
    for (const bad of ["javascript:alert(1)", "JavaScript:alert(1).com", "data:text/html,x", "file:///etc/passwd"]) {
      frame("ba", { appRouteOrUrl: bad });
    }
    expect(opened).toEqual(["https://example.com/x", "mailto:a@b.cd"]);
  });

  test("a blocked tab is offered as a link", async () => {
    await running();
    blocksTabs = true;
    frame("ba", { appRouteOrUrl: "example.com", newTab: true });
    expect(controller.toasts.snapshot()[0]?.action?.url).toBe("https://example.com/");
  });

  test("downloads are saved, reload starts again, toasts outlive it", async () => {
    await running();
    frame("be", { message: "Hello", options: null });
    const meta = '{"name":"é.csv","download":true,"id":"x"}';
    const head = `bl${sessionOf()}${now().run?.executionId}`;
    const bytes = new TextEncoder().encode(`${head}\0\0\0)${meta}abc`);
    socket().events.message(bytes.buffer as ArrayBuffer);
    expect(saved).toEqual([["é.csv", 3]]);
    frame("bc", {});
    expect(codes()).toEqual(["aa", "aa"]);
    expect(toasts()).toEqual(["Hello"]);
  });

  test("leaving tells the app", async () => {
    await running();
    const last = socket();
    controller.dispose();
    expect(last.texts.at(-1)?.slice(0, 2)).toBe("ak");
  });

  test("a begun form is worth a question, unless the app itself leads away", async () => {
    await running();
    const form = {
      type: "layout-form",
      interactionType: "layout",
      model: { id: "f", properties: {}, children: [field()] },
    };
    frame("av", { renderId: "r2", idx: 1, ui: form });
    now().execution?.setValue("r1", "name", "a search");
    expect(controller.holdsUnsentForm).toBe(false);
    now().execution?.setValue("r2", "name", "typed");
    expect(controller.holdsUnsentForm).toBe(true);
    frame("ba", { appRouteOrUrl: "crew" });
    expect(controller.holdsUnsentForm).toBe(false);
  });
});
