import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import type { BrowserEvent } from "../../protocol/events";
import { FixturePage } from "../../testing/FixturePage";
import { fixtures, type Replay, replay } from "../../testing/fixtures";

/** What the captured browser sent, without the run's id, which the protocol client adds. */
function captured(name: string, code: string): BrowserEvent[] {
  return (fixtures[name]?.frames ?? [])
    .filter((frame) => frame.from === "browser" && frame.code === code)
    .map(({ json: { executionId: _, ...event } }) => event as unknown as BrowserEvent);
}

const sentOf = (from: Replay, type: string) => from.sent.filter((event) => event.type === type);

async function show(name: string) {
  const from = replay(name);
  render(<FixturePage from={from} />);
  // The last one to load of those that load late.
  await screen.findAllByRole("spinbutton");
  return { from, user: userEvent.setup() };
}

const box = (name: RegExp) => screen.getByRole("textbox", { name });
const part = (group: RegExp, name: RegExp) =>
  within(screen.getByRole("group", { name: group })).getByRole("spinbutton", { name });

/** What a screen reader says after the name. */
function described(role: string, name: RegExp): string {
  const ids = screen.getByRole(role, { name }).getAttribute("aria-describedby") ?? "";
  return ids
    .split(" ")
    .map((id) => document.getElementById(id)?.textContent ?? "")
    .join(" ");
}

describe("Enter", () => {
  test("sends exactly what the captures have", async () => {
    const { from, user } = await show("08-hooks-render");
    await user.type(box(/^Q/), "ab{Enter}");
    await user.clear(box(/^Q/));
    await user.type(box(/^Q/), "abcd{Enter}");
    await user.type(box(/^N/), "5{Enter}");
    await user.type(box(/^Area/), "a{Enter}b{Control>}{Enter}{/Control}");
    await user.click(box(/^Blob/));
    await user.paste('{"x": 1}');
    await user.keyboard("{Control>}{Enter}{/Control}");

    await user.click(part(/^Day/, /month/));
    await user.keyboard("02032025{Enter}");
    await user.click(part(/^At/, /hour/));
    await user.keyboard("0915a{Enter}");
    await user.click(part(/^Moment/, /month/));
    await user.keyboard("020320250915a{Enter}");

    const expected = captured("09-enter-hooks", "af").filter(
      (event) => !JSON.stringify(event).includes("{bad") && !JSON.stringify(event).includes("null"),
    );
    expect(sentOf(from, "af")).toEqual(expected);
  });

  test("sends nothing that is locally wrong, and says why", async () => {
    const { from, user } = await show("08-hooks-render");
    await user.click(box(/^Blob/));
    await user.paste("{bad");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(described("textbox", /^Blob/)).toMatch(/Not valid JSON/);
    await user.type(box(/^Q/), "{Enter}");
    expect(described("textbox", /^Q/)).toMatch(/required/);
    expect(box(/^Q/).getAttribute("aria-invalid")).toBe("true");
    expect(from.sent).toEqual([]);
  });

  test("a cleared date is sent as null", async () => {
    const { from, user } = await show("08-hooks-render");
    from.receive({ type: "bg", inputs: { moment: { year: 2025, month: 2, day: 3, hour: 9, minute: 15 } } });
    await user.click(await screen.findByRole("button", { name: "Clear Moment" }));
    await user.keyboard("{Enter}");
    expect(sentOf(from, "af")).toEqual(captured("09-enter-hooks", "af").slice(-1));
  });

  test("has a button for phones", async () => {
    const { from, user } = await show("08-hooks-render");
    await user.type(box(/^Q/), "abcd");
    await user.click(screen.getByRole("button", { name: "Enter: send Q" }));
    expect(sentOf(from, "af")).toEqual(captured("09-enter-hooks", "af").slice(1, 2));
  });
});

describe("a choice", () => {
  test("sends exactly what the captures have", async () => {
    const { from, user } = await show("08-hooks-render");
    const [kind, , many, , on] = captured("10-select-hooks", "ag");

    await user.click(screen.getByRole("radio", { name: "motor" }));
    expect(sentOf(from, "ag")).toEqual([kind]);

    const list = screen.getByRole("combobox", { name: /^Many/ });
    await user.click(list);
    await user.click(screen.getByRole("option", { name: "a" }));
    await user.click(screen.getByRole("option", { name: "b" }));
    expect(sentOf(from, "ag").at(-1)).toEqual(many);
    await user.keyboard("{Escape}");

    await user.click(screen.getByRole("checkbox", { name: "On" }));
    expect(sentOf(from, "ag").at(-1)).toEqual(on);
  });

  test("a select is searched by typing and cleared when optional", async () => {
    const { from, user } = await show("08-hooks-render");
    const one = screen.getByRole("combobox", { name: /^One/ });
    await user.type(one, "B");
    expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["b"]);
    await user.keyboard("{Enter}");
    expect((one as HTMLInputElement).value).toBe("b");
    await user.click(screen.getByRole("button", { name: "Clear One" }));
    expect(document.activeElement).toBe(one);
    expect(sentOf(from, "ag").map((event) => "value" in event && event.value)).toEqual(["b", null]);
    expect(sentOf(from, "ag").at(-1)).toEqual(captured("10-select-hooks", "ag")[1]);
  });

  test("a required multi select that becomes empty is locally wrong, so it is not sent", async () => {
    const { from, user } = await show("08-hooks-render");
    const list = screen.getByRole("combobox", { name: /^Many/ });
    await user.click(list);
    await user.click(screen.getByRole("option", { name: "c" }));
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Remove c" }));
    expect(sentOf(from, "ag")).toHaveLength(1);
    expect(described("combobox", /^Many/)).toMatch(/Choose an option/);
  });
});

test("files go before the event that names them, and again for the next one", async () => {
  const { from, user } = await show("08-hooks-render");
  const field = screen.getByRole("group", { name: /^Drop/ });
  const input = field.querySelector<HTMLInputElement>('input[type="file"]');
  await user.upload(input as HTMLInputElement, new File(["hello"], "é.txt", { type: "text/plain" }));
  const [event] = sentOf(from, "ah");
  expect(event).toMatchObject({
    type: "ah",
    componentId: "drop",
    value: [{ fileName: "é.txt", fileSize: 5, fileType: "text/plain" }],
  });
  expect(from.uploads.map((upload) => upload.fileId)).toEqual(
    (event as unknown as { value: { fileId: string }[] }).value.map((file) => file.fileId),
  );
  await user.click(within(field).getByRole("button", { name: "Remove é.txt" }));
  expect(document.activeElement).toBe(within(field).getByRole("button", { name: "Choose files" }));
  // Now it is empty and required: nothing to send.
  expect(sentOf(from, "ah")).toHaveLength(1);
});

test("files are pasted, whichever part of the input has the focus, and what does not fit says why", async () => {
  const from = replay("08-hooks-render");
  render(<FixturePage from={from} />);
  const choose = await screen.findByRole("button", { name: "Choose files" });
  const picture = new File(["p"], "image.png", { type: "image/png" });
  const huge = new File(["h"], "huge.bin");
  Object.defineProperty(huge, "size", { value: 11_000_000 });
  fireEvent.paste(choose, { clipboardData: { files: [picture, huge], items: [] } });
  expect(await screen.findByText("image.png")).toBeTruthy();
  expect(screen.getByText("huge.bin").closest("[aria-live]")?.textContent).toContain("10 MB is too large");
  await waitFor(() => expect(from.uploads).toHaveLength(1));
  // Words on the clipboard are no files.
  fireEvent.paste(choose, { clipboardData: { files: [], items: [] } });
  expect(from.uploads).toHaveLength(1);
});

test("set inputs fills every kind, sends nothing, and forgets errors", async () => {
  const { from, user } = await show("08-hooks-render");
  await user.type(box(/^Q/), "{Enter}");
  for (const frame of fixtures["12-set-inputs-and-toast"]?.frames ?? []) {
    if (frame.code === "bg") from.receive(frame.json as never);
  }
  const sent = from.sent.length;
  expect((await screen.findByDisplayValue("filled in")).getAttribute("aria-invalid")).not.toBe("true");
  expect((box(/^N/) as HTMLInputElement).value).toBe("5");
  expect((screen.getByRole("radio", { name: "motor" }) as HTMLInputElement).checked).toBe(true);
  expect(screen.getByRole("button", { name: "Remove c" })).toBeTruthy();
  expect((screen.getByRole("checkbox", { name: "On" }) as HTMLInputElement).checked).toBe(true);
  expect(part(/^Day/, /year/).textContent).toBe("2025");
  expect(part(/^At/, /hour/).textContent).toBe("9");
  expect((box(/^Blob/) as HTMLInputElement).value).toBe('{\n  "x": 1\n}');
  expect(from.sent).toHaveLength(sent);
});

test("an error of the app shows at its input and goes with the next change", async () => {
  const { from, user } = await show("08-hooks-render");
  const renderId = from.execution.page.renderIds[0] as string;
  from.receive({ type: "az", renderId, componentId: "q", error: "Too short" });
  expect(await screen.findByText("Too short")).toBeTruthy();
  expect(described("textbox", /^Q/)).toMatch("Too short");
  await user.type(box(/^Q/), "x");
  expect(screen.queryByText("Too short")).toBeNull();
});

test("errors wait until the focus has left", async () => {
  const { user } = await show("02-form-render");
  const mail = box(/^Owner e-mail/);
  await user.type(mail, "half");
  expect(mail.getAttribute("aria-invalid")).not.toBe("true");
  await user.tab();
  expect(mail.getAttribute("aria-invalid")).toBe("true");
  expect(described("textbox", /^Owner e-mail/)).toMatch(/Where bills go.*e-mail address/);
  await user.type(mail, "@example.org");
  expect(mail.getAttribute("aria-invalid")).not.toBe("true");
});

test("number inputs keep out what is no number", async () => {
  const { user } = await show("02-form-render");
  const length = box(/^Length/);
  await user.clear(length);
  await user.type(length, "-1x2.5.e");
  expect((length as HTMLInputElement).value).toBe("-12.5");
});

test("the password is hidden until asked", async () => {
  const { user } = await show("02-form-render");
  const secret = screen.getByLabelText(/^Secret/);
  expect(secret.getAttribute("type")).toBe("password");
  expect(secret.getAttribute("autocomplete")).toBe("new-password");
  await user.click(screen.getByRole("button", { name: "Show the password" }));
  expect(secret.getAttribute("type")).toBe("text");
});

test("every file of inputs renders without a word on the console", async () => {
  const spies = [vi.spyOn(console, "error"), vi.spyOn(console, "warn")];
  for (const name of ["02-form-render", "08-hooks-render", "node-form"]) {
    const from = replay(name);
    const { unmount } = render(<FixturePage from={from} />);
    await screen.findAllByRole("spinbutton").catch(() => {});
    unmount();
  }
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

test("a half-filled date is no date", async () => {
  const { from, user } = await show("02-form-render");
  const renderId = from.execution.page.renderIds[0] as string;
  const arrival = () => from.execution.input(renderId, "arrival")?.value;
  await user.click(part(/^Arrival/, /year/));
  await user.keyboard("{Backspace}{Backspace}{Backspace}{Backspace}");
  expect(part(/^Arrival/, /year/).textContent).toBe("yyyy");
  expect(part(/^Arrival/, /month/).textContent).toBe("5");
  expect(arrival()).toBeNull();
  expect(screen.getByText(/Not complete/)).toBeTruthy();
  await user.click(part(/^Arrival/, /year/));
  await user.keyboard("2025");
  expect(arrival()).toEqual({ year: 2025, month: 5, day: 2 });
  expect(screen.queryByText(/Not complete/)).toBeNull();

  await user.click(screen.getByRole("button", { name: "Clear Departure" }));
  await user.keyboard("02");
  expect(screen.getByText(/Not complete/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Clear Departure" }));
  expect(screen.queryByText(/Not complete/)).toBeNull();
  expect(part(/^Departure/, /month/).textContent).toBe("mm");
});

test("a day that does not exist is corrected before it is sent", async () => {
  const { from, user } = await show("08-hooks-render");
  await user.click(part(/^Day/, /month/));
  await user.keyboard("02302025{Enter}");
  expect(sentOf(from, "af")).toMatchObject([
    { componentId: "day", value: { value: { year: 2025, month: 2, day: 28 } } },
  ]);
  expect(document.activeElement).toBe(part(/^Day/, /year/));
});
