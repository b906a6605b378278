import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WireComponent } from "../model/types";
import { FixturePage } from "../testing/FixturePage";
import { emptyReplay } from "../testing/fixtures";
import { Late } from "./late";
import type { ComponentProps } from "./Render";
import { registry } from "./registry";

const piece = (type: string, id: string, properties: object = {}) => ({
  type,
  interactionType: "display" as const,
  model: { id, properties },
});
const stack = (children: WireComponent[]) => ({
  type: "layout-stack",
  interactionType: "layout" as const,
  model: { id: "root", children, properties: {} },
});

const real = { ...registry };
beforeEach(() => {
  // React tells the console of what a boundary has caught.
  vi.spyOn(console, "error").mockImplementation(() => {});
  registry["display-spinner"] = ({ node }: ComponentProps<"display-spinner">) => {
    if (node.model.properties.text === "bad") throw new Error("broken");
    return <p>{node.model.properties.text}</p>;
  };
});
afterEach(() => {
  Object.assign(registry, real);
});

test("an unknown or failing component costs the page nothing else, and gets a new try", async () => {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: "r",
    ui: stack([
      piece("display-spinner", "s", { text: "bad" }),
      piece("from-the-future", "f"),
      // The code is reserved; no SDK makes it.
      piece("btn-line-chart", "l"),
      piece("display-text", "t", { text: "fine" }),
    ]),
  });
  render(<FixturePage from={from} />);
  expect(await screen.findByText("fine")).toBeTruthy();
  expect(screen.getByText(/could not be shown/)).toBeTruthy();
  for (const type of ["from-the-future", "btn-line-chart"]) expect(screen.getByText(type)).toBeTruthy();
  const update = { s: { properties: { text: "good" } } };
  act(() => from.receive({ type: "bf", diff: { r: { rootId: "root", update } }, v: 2 }));
  expect(await screen.findByText("good")).toBeTruthy();
});

test("a component whose code cannot be fetched says so and comes by itself; what was typed beside it stays", async () => {
  let away = true;
  registry["display-spinner"] = new Late(async () => {
    if (away) throw new TypeError("Failed to fetch dynamically imported module: /assets/Spinner.js");
    return ({ node }: ComponentProps<"display-spinner">) => <p>{node.model.properties.text}</p>;
  });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const from = emptyReplay();
  const name = {
    type: "input-text",
    interactionType: "input" as const,
    model: { id: "name", label: "Name", required: true, hasOnEnterHook: false, properties: {} },
  };
  from.receive({ type: "av", renderId: "r", ui: stack([piece("display-spinner", "s", { text: "here" }), name]) });
  render(<FixturePage from={from} />);
  expect((await screen.findByRole("status")).textContent).toContain("It will come by itself");
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Name"), "typed");
  away = false;
  await user.click(screen.getByRole("button", { name: "Try now" }));
  expect(await screen.findByText("here")).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("typed");
  vi.unstubAllGlobals();
});
