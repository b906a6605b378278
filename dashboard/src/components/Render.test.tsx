import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FixturePage } from "../testing/FixturePage";
import { emptyReplay } from "../testing/fixtures";
import type { ComponentProps } from "./Render";
import { registry } from "./registry";

const piece = (type: string, id: string, properties: object = {}) => ({
  type,
  interactionType: "display" as const,
  model: { id, properties },
});
const stack = (children: ReturnType<typeof piece>[]) => ({
  type: "layout-stack",
  interactionType: "layout" as const,
  model: { id: "root", children, properties: {} },
});

const real = registry["display-spinner"];
beforeEach(() => {
  // React tells the console of what a boundary has caught.
  vi.spyOn(console, "error").mockImplementation(() => {});
  registry["display-spinner"] = ({ node }: ComponentProps<"display-spinner">) => {
    if (node.model.properties.text === "bad") throw new Error("broken");
    return <p>{node.model.properties.text}</p>;
  };
});
afterEach(() => {
  registry["display-spinner"] = real;
});

test("an unknown or failing component costs the page nothing else, and gets a new try", async () => {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: "r",
    ui: stack([
      piece("display-spinner", "s", { text: "bad" }),
      piece("from-the-future", "f"),
      piece("display-text", "t", { text: "fine" }),
    ]),
  });
  render(<FixturePage from={from} />);
  expect(await screen.findByText("fine")).toBeTruthy();
  expect(screen.getByText(/could not be shown/)).toBeTruthy();
  expect(screen.getByText("from-the-future")).toBeTruthy();
  const update = { s: { properties: { text: "good" } } };
  act(() => from.receive({ type: "bf", diff: { r: { rootId: "root", update } }, v: 2 }));
  expect(await screen.findByText("good")).toBeTruthy();
});
