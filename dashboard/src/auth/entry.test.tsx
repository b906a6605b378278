// The ways in say what went wrong, and offer a way on: never a blank page.
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderRouted } from "../testing/routed";
import { AppEntryPage } from "./AppEntryPage";
import { GooglePage } from "./GooglePage";

const answer = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

test("the entry to an app says why it is closed, and tries again", async () => {
  const fetch = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer(400, { message: "No such app." }));
  await renderRouted(() => <AppEntryPage />);
  expect(await screen.findByText("No such app.")).toBeTruthy();
  expect(document.activeElement?.textContent).toBe("The app cannot be opened");
  expect(screen.getByRole("link", { name: "Sign in" }).getAttribute("href")).toBe("/auth/login");
  const before = fetch.mock.calls.length;
  await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
  expect(fetch.mock.calls.length).toBeGreaterThan(before);
});

test("without Google on the server the page that leads there says so", async () => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
    answer(503, { message: "The server is being updated." }),
  );
  await renderRouted(() => <GooglePage />);
  expect(await screen.findByRole("heading", { name: "Google cannot be asked" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "Back to sign-in" }).getAttribute("href")).toBe("/auth/login");
});
