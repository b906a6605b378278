import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { WireComponent } from "../../model/types";
import { FixturePage } from "../../testing/FixturePage";
import { emptyReplay, fixtures, replay } from "../../testing/fixtures";

const button = (id: string, properties: object, type = "button-default"): WireComponent =>
  ({ type, interactionType: "button", model: { id, properties } }) as WireComponent;

function show(ui: WireComponent) {
  const from = emptyReplay();
  from.receive({ type: "av", renderId: "r", idx: 0, ui });
  render(<FixturePage from={from} />);
  return { from, user: userEvent.setup() };
}

test("a click sends what the capture has, marks the button, and any sign of life ends the mark", async () => {
  const from = replay("08-hooks-render");
  render(<FixturePage from={from} />);
  const remove = screen.getByRole("button", { name: "Delete all" });
  expect(remove.dataset.appearance).toBe("danger");
  await userEvent.setup().click(remove);
  const captured = fixtures["12-set-inputs-and-toast"]?.frames.filter((frame) => frame.code === "ab").at(-1)?.json;
  expect(from.sent.map((event) => ({ ...event, executionId: captured?.executionId }))).toEqual([captured]);
  expect(remove.dataset.busy).toBe("true");
  from.receive({ type: "be", message: "gone", options: null });
  await vi.waitFor(() => expect(remove.dataset.busy).toBeUndefined());
});

test("an unsteady hand clicks once; a later click counts again", async () => {
  const { from, user } = show(button("go", { hasOnClickHook: true }));
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  await user.dblClick(screen.getByRole("button", { name: "Go" }));
  expect(from.sent).toHaveLength(1);
  now.mockReturnValue(1_301);
  await user.click(screen.getByRole("button", { name: "Go" }));
  expect(from.sent).toHaveLength(2);
});

test("a button that nobody hears sends nothing", async () => {
  const { from, user } = show(button("plain", { label: null, hasOnClickHook: false }));
  await user.click(screen.getByRole("button", { name: "Plain" }));
  expect(from.sent).toEqual([]);
});

test("a submit button with a click hook clicks first, also when the form is wrong", async () => {
  const { from, user } = show({
    type: "layout-form",
    interactionType: "layout",
    model: {
      id: "f",
      properties: { hasOnSubmitHook: true },
      children: [
        { type: "input-text", interactionType: "input", model: { id: "t", required: true, properties: {} } },
        button("send", { hasOnClickHook: true }, "button-form-submit"),
      ],
    },
  } as WireComponent);
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(from.sent.map((event) => event.type)).toEqual(["ab"]);
  await user.type(screen.getByRole("textbox", { name: "T" }), "x");
  now.mockReturnValue(2_000);
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(from.sent.map((event) => event.type)).toEqual(["ab", "ab", "ac"]);
});

test("while nothing can be sent, the button says why and sends nothing", async () => {
  const from = replay("08-hooks-render");
  render(<FixturePage from={from} blocked="The app's server is not connected" />);
  const fill = screen.getByRole("button", { name: "Fill" });
  expect(fill.getAttribute("aria-disabled")).toBe("true");
  const reason = document.getElementById(fill.getAttribute("aria-describedby") ?? "");
  expect(reason?.textContent).toBe("The app's server is not connected");
  await userEvent.setup().click(fill);
  expect(from.sent).toEqual([]);
  expect(screen.getByRole("button", { name: "Plain" }).getAttribute("aria-disabled")).toBeNull();
});
