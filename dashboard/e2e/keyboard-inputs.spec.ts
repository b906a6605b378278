// Every input without a mouse: reached with Tab, chosen with arrows, and the program gets what was chosen.
import type { Locator, Page } from "@playwright/test";
import { accessible, expect, tabTo, test } from "./harness/test";

test.use({ program: "keyboard_app.py" });

test.beforeEach(async ({ page, app, sdk: _ }) => {
  await page.goto(app("inputs"));
  await expect(page.getByRole("button", { name: "Ask" })).toBeVisible();
});

/** Does `act` and gives what the program got through it. */
async function heard(
  sdk: { reports: unknown[]; report(what: string, from: number): Promise<unknown> },
  what: string,
  act: () => Promise<void>,
) {
  const before = sdk.reports.length;
  await act();
  return sdk.report(what, before);
}

/** The option that a screen reader is at while the focus stays in the field. */
const marked = (page: Page, field: Locator) => async () => {
  const id = await field.getAttribute("aria-activedescendant");
  return id && page.locator(`[id="${id}"]`).textContent();
};

const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

test("a select: arrows, Enter, typing, Escape, Tab, clear", async ({ page, sdk }) => {
  const field = page.getByRole("combobox", { name: /Berth/ });
  const options = page.getByRole("option");
  await tabTo(page, field);
  await press(page, "ArrowDown");
  // The name of an option is all that it shows.
  await expect(page.getByRole("option", { name: "Berth A-4 near the gate" })).toBeVisible();
  await expect.poll(marked(page, field)).toContain("Berth A-4");
  await press(page, "ArrowDown");
  await expect.poll(marked(page, field)).toContain("Berth B-1");
  expect(await heard(sdk, "berth", () => press(page, "Enter"))).toBe("B-1");
  await expect(options).toHaveCount(0);
  await expect(field).toHaveValue("Berth B-1");
  await expect(field).toBeFocused();
  // Typing finds.
  await press(page, "Control+a");
  await page.keyboard.type("c-9");
  await expect(options).toHaveCount(1);
  expect(await heard(sdk, "berth", () => press(page, "Enter"))).toBe("C-9");
  // Escape leaves everything as it was, the list and the page.
  await press(page, "ArrowUp");
  await expect(options).toHaveCount(3);
  await press(page, "Escape");
  await expect(options).toHaveCount(0);
  await expect(field).toHaveValue("Berth C-9");
  // Tab closes the list and goes on.
  await press(page, "ArrowDown");
  await expect(options).toHaveCount(3);
  await press(page, "Tab");
  await expect(options).toHaveCount(0);
  const clear = page.getByRole("button", { name: "Clear Berth" });
  await tabTo(page, clear);
  expect(await heard(sdk, "berth", () => press(page, "Enter"))).toBeNull();
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("");
});

test("an open list hides nothing of the page, and a press elsewhere closes it", async ({ page }) => {
  const field = page.getByRole("combobox", { name: /Berth/ });
  await tabTo(page, field);
  await press(page, "ArrowDown");
  await expect(page.getByRole("option")).toHaveCount(3);
  await expect(page.getByRole("checkbox", { name: "Paid" })).toBeVisible();
  await accessible(page);
  await page.getByText("Paid", { exact: true }).click();
  await expect(page.getByRole("option")).toHaveCount(0);
  await expect(page.getByRole("checkbox", { name: "Paid" })).toBeChecked();
  await tabTo(page, field, "Shift+Tab");
  await press(page, "ArrowDown");
  await expect(page.getByRole("option")).toHaveCount(3);
  await page.mouse.click(5, 5);
  await expect(page.getByRole("option")).toHaveCount(0);
});

test("a select of many options: arrows go through them all", async ({ page, sdk }) => {
  const field = page.getByRole("combobox", { name: /Port/ });
  await tabTo(page, field);
  // From the last to the first and round again.
  await press(page, "ArrowUp");
  await expect.poll(marked(page, field)).toBe("Port 199");
  await expect(page.getByRole("option", { name: "Port 199" })).toBeInViewport();
  await press(page, "ArrowUp");
  await expect.poll(marked(page, field)).toBe("Port 198");
  expect(await heard(sdk, "port", () => press(page, "Enter"))).toBe("Port 198");
  await press(page, "Control+a");
  await page.keyboard.type("07");
  await expect.poll(marked(page, field)).toBe("Port 007");
  await press(page, "ArrowDown");
  expect(await heard(sdk, "port", () => press(page, "Enter"))).toBe("Port 070");
});

test("several of many: chosen in the list, removed from the tags", async ({ page, sdk }) => {
  const field = page.getByRole("combobox", { name: /Services/ });
  const options = page.getByRole("option");
  await tabTo(page, field);
  await press(page, "ArrowDown");
  await expect.poll(marked(page, field)).toBe("water");
  expect(await heard(sdk, "services", () => press(page, "Enter"))).toEqual(["water"]);
  // The list stays for the next one.
  await press(page, "ArrowDown", "ArrowDown");
  expect(await heard(sdk, "services", () => press(page, "Enter"))).toEqual(["water", "fuel"]);
  await expect(page.getByRole("option", { name: "fuel" })).toHaveAttribute("aria-selected", "true");
  await press(page, "Escape");
  await expect(options).toHaveCount(0);
  await expect(field).toBeFocused();
  const tags = page.getByRole("grid", { name: /Chosen: Services/ });
  await expect(tags.getByRole("row")).toHaveCount(2);
  await tabTo(page, tags.getByRole("row", { name: "water" }));
  await press(page, "ArrowRight");
  await expect(tags.getByRole("row", { name: "fuel" })).toBeFocused();
  expect(await heard(sdk, "services", () => press(page, "Delete"))).toEqual(["water"]);
  await expect(tags.getByRole("row", { name: "water" })).toBeFocused();
  expect(await heard(sdk, "services", () => press(page, "Delete"))).toEqual([]);
  // What had the focus is gone; the field has it.
  await expect(field).toBeFocused();
});

test("a date: typed part by part, and picked from the calendar with the arrows", async ({ page, sdk }) => {
  const input = page.locator('[data-input$=" day"]');
  const day = input.getByRole("spinbutton", { name: /^day/ });
  await tabTo(page, day);
  await page.keyboard.type("27");
  expect(await heard(sdk, "day", () => press(page, "Enter"))).toBe("2024-02-27");
  await press(page, "Shift+Tab");
  await tabTo(page, day);
  await press(page, "ArrowUp");
  expect(await heard(sdk, "day", () => press(page, "Enter"))).toBe("2024-02-28");
  const open = input.getByRole("button", { name: /calendar/i });
  const dialog = page.getByRole("dialog");
  const at = (name: RegExp) => expect(dialog.getByRole("button", { name })).toBeFocused();
  await tabTo(page, open);
  await press(page, "Enter");
  await at(/28 February 2024/);
  await press(page, "ArrowRight");
  await at(/29 February 2024/);
  await press(page, "ArrowRight");
  await at(/, 1 March 2024/);
  await press(page, "PageDown");
  await at(/, 1 April 2024/);
  await press(page, "ArrowUp");
  await at(/25 March 2024/);
  await press(page, "Enter");
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
  await tabTo(page, day, "Shift+Tab");
  expect(await heard(sdk, "day", () => press(page, "Enter"))).toBe("2024-03-25");
  await tabTo(page, open);
  await press(page, "Enter");
  await at(/25 March 2024/);
  await press(page, "ArrowLeft", "Escape");
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
  await tabTo(page, input.getByRole("button", { name: "Clear Day" }), "Shift+Tab");
  await press(page, "Enter");
  await expect(input.getByRole("spinbutton").first()).toBeFocused();
  expect(await heard(sdk, "day", () => press(page, "Enter"))).toBeNull();
});

test("a time: arrows and typing", async ({ page, sdk }) => {
  const input = page.locator('[data-input$=" at"]');
  await tabTo(page, input.getByRole("spinbutton", { name: /^hour/ }));
  await press(page, "ArrowUp", "ArrowRight", "ArrowDown");
  expect(await heard(sdk, "at", () => press(page, "Enter"))).toBe("09:29:00");
  await tabTo(page, input.getByRole("spinbutton", { name: /^hour/ }), "Shift+Tab");
  await page.keyboard.type("2145");
  expect(await heard(sdk, "at", () => press(page, "Enter"))).toBe("21:45:00");
});

test("a radio group is one stop and goes round; a checkbox takes the space bar", async ({ page, sdk }) => {
  const radio = (name: string) => page.getByRole("radio", { name });
  await tabTo(page, radio("sail"));
  expect(await heard(sdk, "kind", () => press(page, "Space"))).toBe("sail");
  expect(await heard(sdk, "kind", () => press(page, "ArrowDown"))).toBe("motor");
  expect(await heard(sdk, "kind", () => press(page, "ArrowUp"))).toBe("sail");
  expect(await heard(sdk, "kind", () => press(page, "ArrowUp"))).toBe("oar");
  await press(page, "Tab");
  const paid = page.getByRole("checkbox", { name: "Paid" });
  await expect(paid).toBeFocused();
  expect(await heard(sdk, "paid", () => press(page, "Space"))).toBe(true);
  expect(await heard(sdk, "paid", () => press(page, "Space"))).toBe(false);
  await press(page, "Shift+Tab");
  await expect(radio("oar")).toBeFocused();
});

test("files: chosen and removed", async ({ page, sdk }) => {
  const choose = page.getByRole("button", { name: "Choose files" });
  const file = (name: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from("abc") });
  await tabTo(page, choose);
  const papers = await heard(sdk, "papers", async () => {
    const chooser = page.waitForEvent("filechooser");
    await press(page, "Enter");
    await (await chooser).setFiles([file("a.txt"), file("b.txt")]);
  });
  expect(papers).toEqual(["a.txt", "b.txt"]);
  await tabTo(page, page.getByRole("button", { name: "Remove a.txt" }));
  expect(await heard(sdk, "papers", () => press(page, "Enter"))).toEqual(["b.txt"]);
  await expect(choose).toBeFocused();
  await expect(page.getByRole("button", { name: "Remove a.txt" })).toHaveCount(0);
});

test("lists and calendars in a dialog: Escape closes the innermost, the focus stays inside", async ({ page, sdk }) => {
  const ask = page.getByRole("button", { name: "Ask" });
  const dialog = page.getByRole("dialog", { name: "Inside" });
  await tabTo(page, ask);
  await press(page, "Enter");
  await expect(dialog).toBeVisible();
  const field = dialog.getByRole("combobox", { name: /Inner berth/ });
  await tabTo(page, field);
  await press(page, "ArrowDown");
  await expect(page.getByRole("option")).toHaveCount(3);
  await accessible(page);
  await press(page, "Escape");
  await expect(page.getByRole("option")).toHaveCount(0);
  await expect(dialog).toBeVisible();
  await press(page, "ArrowDown", "ArrowDown", "Enter");
  await expect(field).toHaveValue("Berth B-1");
  await tabTo(page, dialog.getByRole("button", { name: /calendar/i }));
  await press(page, "Enter");
  await expect(page.getByRole("button", { name: /28 February 2024/ })).toBeFocused();
  await press(page, "Escape");
  await expect(dialog.getByRole("button", { name: /calendar/i })).toBeFocused();
  await tabTo(page, dialog.getByRole("button", { name: "Close" }));
  // Round and round, and never out of it.
  await tabTo(page, dialog.getByRole("button", { name: "Done" }));
  const answer = await heard(sdk, "modal", () => press(page, "Enter"));
  expect(answer).toBe("done");
  await expect(dialog).toHaveCount(0);
  await expect(ask).toBeFocused();
});
