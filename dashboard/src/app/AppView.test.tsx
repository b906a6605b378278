import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useSyncExternalStore } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/http";
import type { AppStart } from "../api/types";
import { FakeClock, fakeSockets } from "../testing/clock";
import { renderRouted } from "../testing/routed";
import { AppView } from "./AppView";
import { AppController } from "./controller";

const ENV = "11111111-1111-4111-8111-111111111111";

let sockets: ReturnType<typeof fakeSockets>;
let clock: FakeClock;
let answer: AppStart | Error;
let controller: AppController;

const text = (id: string, words: string) => ({
  type: "display-text",
  interactionType: "display",
  model: { id, properties: { text: words } },
});
const button = (id: string) => ({
  type: "button-default",
  interactionType: "button",
  model: { id, properties: { label: "Press", hasOnClickHook: true } },
});

beforeEach(() => {
  sockets = fakeSockets();
  clock = new FakeClock();
  answer = {
    app: { name: "Boats", route: "boats", navId: "n" },
    user: { isExternal: false },
    environment: {
      name: "Dev",
      type: "development",
      sdkPackageName: "compose-sdk",
      sdkPackageVersion: "0.27.8",
      theme: { textColor: "#102030", backgroundColor: "#fafafa", primaryColor: "#0066cc" },
      apps: [{ name: "Boats", route: "boats" }],
      navs: [
        {
          id: "n",
          items: [
            { label: "Boats", route: "boats" },
            { label: "Crew", route: "crew" },
          ],
          logoUrl: "javascript:alert(1)",
        },
      ],
    },
    companyName: "Harbour",
  };
  let ids = 0;
  controller = new AppController(ENV, {
    call: (async (_: string, path: string) => {
      if (path === "/auth/check") return null;
      if (path === "/initialize") return { user: { email: "a@x.test" } };
      if (answer instanceof Error) throw answer;
      return answer;
    }) as never,
    clock,
    openSocket: sockets.open,
    origin: "ws://x",
    schedule: (run) => run(),
    random: () => 0,
    uuid: () => `${String(++ids).padStart(8, "0")}-0000-4000-8000-000000000000`,
    isOnline: () => true,
    appAddress: (route) => `/app/${ENV}/${route}`,
    goToApp: () => true,
    openUrl: () => true,
    download: () => {},
  });
});

function Page() {
  const state = useSyncExternalStore(controller.subscribe, controller.snapshot);
  return <AppView controller={controller} state={state} environmentId={ENV} />;
}

const session = () => new URL(sockets.last().url).searchParams.get("sessionId");
const environment = (isOnline: boolean) =>
  act(async () =>
    sockets.last().deliver(`11${session()}{"type":"11","environmentId":"${ENV}","isOnline":${isOnline}}`),
  );
const frame = (code: string, body: object) =>
  act(async () => {
    const { run } = controller.snapshot();
    sockets.last().deliver(`${code}${session()}${run?.executionId}${JSON.stringify({ type: code, ...body })}`);
  });
const codes = () => sockets.last().texts.map((sent) => sent.slice(0, 2));

async function show(online = true): Promise<ReturnType<typeof userEvent.setup>> {
  await renderRouted(() => <Page />);
  const open = controller.open("boats", {});
  act(() => sockets.last().events.open());
  await environment(online);
  await act(() => open);
  return userEvent.setup();
}

test("name, navigation and theme are the app's; a dangerous logo is not loaded", async () => {
  await show();
  await frame("av", { renderId: "r", idx: 0, ui: text("t", "Ahoy") });
  expect(document.title).toBe("Boats");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Boats");
  const nav = screen.getByRole("navigation", { name: "Apps" });
  expect(within(nav).getByRole("link", { name: "Boats" }).getAttribute("aria-current")).toBe("page");
  expect(within(nav).getByRole("link", { name: "Crew" }).getAttribute("href")).toBe(`/app/${ENV}/crew`);
  expect(nav.querySelector("img")).toBeNull();
  expect(within(nav).getByText("Harbour")).toBeTruthy();
  expect(document.documentElement.style.getPropertyValue("--primary")).toBe("#0066cc");
  expect(document.documentElement.dataset.scheme).toBe("light");
  expect(screen.getByText("Ahoy")).toBeTruthy();
});

test("away at the start: it says so, and starts by itself", async () => {
  await show(false);
  expect(screen.getByRole("heading", { name: "The app’s server is not connected" })).toBeTruthy();
  await environment(true);
  expect(codes()).toEqual(["aa"]);
});

test("a loss while in use: the page stays, buttons are off and say why, retry is offered", async () => {
  const user = await show();
  await frame("av", { renderId: "r", idx: 0, ui: button("b") });
  await environment(false);
  expect(screen.getByText("The app’s server is not connected")).toBeTruthy();
  const press = screen.getByRole("button", { name: "Press" });
  expect(press.getAttribute("aria-disabled")).toBe("true");
  await user.click(press);
  expect(codes()).toEqual(["aa"]);
  act(() => sockets.last().events.close(1006));
  expect(screen.getAllByText("Connection lost").length).toBeGreaterThan(0);
  await user.click(screen.getByRole("button", { name: "Retry now" }));
  expect(sockets.all).toHaveLength(2);
});

test("loading is told and blocks when the app wants it; an error ends it", async () => {
  await show();
  await frame("av", { renderId: "r", idx: 0, ui: text("t", "Ahoy") });
  const area = () => screen.getByText("Ahoy").closest("[aria-busy]");
  await frame("bi", { value: true, properties: { text: "Counting boats", disableInteraction: true } });
  expect(screen.getAllByText("Counting boats").length).toBe(2);
  expect(area()?.hasAttribute("inert")).toBe(true);
  await frame("au", { errorMessage: "An error occurred while running the app:\n\nboiler broke", severity: "error" });
  expect(area()?.getAttribute("aria-busy")).toBe("false");
  expect(screen.getByRole("alert").textContent).toContain("boiler broke");
});

test("an error can be closed, and restarting clears it", async () => {
  const user = await show();
  await frame("au", { errorMessage: 'broke\n\n  File "a.py", line 1', severity: "error" });
  expect(screen.getByText("Where it happened")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("alert")).toBeNull();
  await frame("au", { errorMessage: "again" });
  await user.click(screen.getByRole("button", { name: "Restart the app" }));
  expect(screen.queryByRole("alert")).toBeNull();
  expect(codes()).toEqual(["aa", "aa"]);
});

test("the report has what whoever looks into it needs, with the time of the failure", async () => {
  const user = await show();
  vi.setSystemTime("2026-03-04T05:06:07Z");
  await frame("au", { errorMessage: 'broke\n\n  File "a.py", line 1', severity: "error" });
  vi.setSystemTime("2026-03-04T09:00:00Z");
  await environment(false);
  await user.click(screen.getByRole("button", { name: "Copy report" }));
  vi.useRealTimers();
  const report = (await navigator.clipboard.readText()).split("\n");
  expect(report).toEqual([
    "The app has failed",
    "broke",
    '  File "a.py", line 1',
    "app: boats",
    `environment: Dev (${ENV})`,
    "sdk: compose-sdk 0.27.8",
    `execution: ${controller.snapshot().run?.executionId}`,
    "time: 2026-03-04T05:06:07.000Z",
  ]);
});

test("people outside of the team see no stack, and copy none", async () => {
  answer = { ...(answer as AppStart), user: { isExternal: true } };
  const user = await show();
  await frame("au", { errorMessage: 'broke\n\n  File "secret.py", line 1', severity: "error" });
  expect(screen.queryByText("Where it happened")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Copy report" }));
  expect(await navigator.clipboard.readText()).not.toContain("secret.py");
});

test("an app that shows nothing says so after 10 s and can be started again", async () => {
  await show();
  vi.useFakeTimers();
  // The wait begins with its own timers.
  await act(async () => controller.restart());
  for (const _ of [1, 2]) act(() => vi.advanceTimersByTime(10_000));
  expect(screen.getByText("Still working. The app has not shown anything yet.")).toBeTruthy();
  const before = codes().length;
  act(() => screen.getByRole("button", { name: "Restart the app" }).click());
  expect(codes()).toHaveLength(before + 1);
  vi.useRealTimers();
});

test("each loss of the connection can be hurried", async () => {
  const user = await show();
  await frame("av", { renderId: "r", idx: 0, ui: button("b") });
  for (const lose of [() => sockets.last().events.close(3782), () => controller.networkWent()]) {
    act(lose);
    const before = sockets.all.length;
    await user.click(screen.getByRole("button", { name: "Retry now" }));
    expect(sockets.all).toHaveLength(before + 1);
    act(() => sockets.last().events.open());
    await environment(true);
  }
  expect(screen.queryByRole("button", { name: "Retry now" })).toBeNull();
});

test("page settings merge, and our control keeps its room", async () => {
  await show();
  await frame("ax", { config: { width: "40rem", paddingTop: "1rem", spacingY: null } });
  await frame("ax", { config: { paddingX: "2rem" } });
  await frame("av", { renderId: "r", idx: 0, ui: text("t", "Ahoy") });
  const { style } = screen.getByText("Ahoy").closest("[aria-busy]") as HTMLElement;
  expect(style.getPropertyValue("--page-width")).toBe("40rem");
  expect(style.getPropertyValue("--page-top")).toBe("1rem");
  expect(style.getPropertyValue("--page-bottom")).toBe("4rem");
  expect(style.getPropertyValue("--page-left")).toBe("2rem");
  expect(style.getPropertyValue("--page-gap")).toBe("2rem");
});

test("a modal closes by Escape and tells the app; a confirm answers once", async () => {
  const user = await show();
  await frame("av", { renderId: "m", idx: 0, appearance: "modal", modalHeader: "Details", ui: text("t", "Inside") });
  const dialog = await screen.findByRole("dialog", { name: "Details" });
  expect(within(dialog).getByText("Inside")).toBeTruthy();
  await user.keyboard("{Escape}");
  expect(codes()).toEqual(["aa", "al"]);
  expect(screen.queryByRole("dialog", { name: "Details" })).toBeNull();

  const properties = {
    title: "Sink it?",
    typeToConfirmText: "sink",
    confirmButtonLabel: "Sink",
    cancelButtonLabel: "Keep",
  };
  await frame("bd", { component: { type: "page-confirm", interactionType: "page", model: { id: "c", properties } } });
  const question = await screen.findByRole("alertdialog", { name: "Sink it?" });
  await user.click(within(question).getByRole("button", { name: "Sink" }));
  expect(codes()).toEqual(["aa", "al"]);
  await user.type(within(question).getByLabelText(/Type/), "sink{Enter}");
  expect(JSON.parse(sockets.last().texts.at(-1)?.slice(74) ?? "")).toMatchObject({
    type: "aj",
    componentId: "c",
    response: true,
  });
  expect(screen.queryByRole("alertdialog")).toBeNull();
});

test("toasts are read out, can be dismissed, and stay as long as asked", async () => {
  const user = await show();
  await frame("be", { message: "Saved", options: { appearance: "success", duration: "infinite", title: "Boat" } });
  const region = screen.getByRole("region", { name: "Notifications" });
  expect(within(region).getByRole("list").getAttribute("aria-live")).toBe("polite");
  expect(within(region).getByText("Saved")).toBeTruthy();
  await user.click(within(region).getByRole("button", { name: "Dismiss" }));
  expect(within(region).queryByText("Saved")).toBeNull();
  vi.useFakeTimers();
  await frame("be", { message: "Short", options: { duration: "shortest" } });
  act(() => vi.advanceTimersByTime(1_400));
  expect(within(region).queryByText("Short")).not.toBeNull();
  act(() => vi.advanceTimersByTime(200));
  expect(within(region).queryByText("Short")).toBeNull();
  vi.useRealTimers();
});

test("access that is taken away hides the app and says so", async () => {
  await show();
  await frame("av", { renderId: "r", idx: 0, ui: text("t", "Secret") });
  answer = new ApiError(401, "No access.");
  await act(async () => sockets.last().events.close(4002));
  expect(await screen.findByRole("heading", { name: "You no longer have access to this app" })).toBeTruthy();
  expect(screen.queryByText("Secret")).toBeNull();
});

test("no such app: the reason and a way on", async () => {
  answer = new ApiError(400, "This app does not exist.");
  await renderRouted(() => <Page />);
  await act(() => controller.open("boats", {}));
  expect(screen.getByText("This app does not exist.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Your apps" }).getAttribute("href")).toBe("/home");
});
