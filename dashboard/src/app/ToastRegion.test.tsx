import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { ToastRegion } from "./ToastRegion";
import { Toasts } from "./toasts";

test("a dismissed toast gives the focus back to where it came from", async () => {
  const toasts = new Toasts();
  render(
    <>
      <input aria-label="Name" />
      <ToastRegion toasts={toasts} />
    </>,
  );
  act(() => toasts.add({ message: "Saved" }));
  const user = userEvent.setup();
  await user.click(screen.getByRole("textbox", { name: "Name" }));
  await user.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByText("Saved")).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Name" }));
});
