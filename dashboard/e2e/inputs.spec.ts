// Inputs and forms: what people enter is what the handlers of the program get.
import { createHash } from "node:crypto";
import { accessible, choose, expect, test, toast } from "./harness/test";

const PAPER = Buffer.from(`%PDF-1.4\n${"paper ".repeat(5000)}`);
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

test("a form with every input sends what was entered, typed as the program wants it", async ({ page, sdk, app }) => {
  await page.goto(app("form"));
  const form = page.locator("form").first();
  await form.getByLabel("Title").fill("Gull");
  await form.getByLabel("Owner e-mail").fill("ann@example.com");
  await form.getByLabel("Site url").fill("https://example.org/gull");
  await form.getByRole("textbox", { name: "Length" }).fill("12.25");
  await form.getByRole("textbox", { name: "Secret" }).fill("s3same");
  await form.getByRole("textbox", { name: "Notes" }).fill("one\ntwo");
  await form.getByRole("textbox", { name: "Config" }).fill('{"b": [true, null]}');
  await form.getByText("motor", { exact: true }).click();
  await choose(page, form.getByRole("button", { name: /Berth/ }), /Berth A-4/);
  await form
    .locator('input[type="file"]')
    .setInputFiles({ name: "rôle.pdf", mimeType: "application/pdf", buffer: PAPER });
  await expect(form.getByText("rôle.pdf")).toBeVisible();
  await accessible(page);
  await form.getByRole("button", { name: "Submit" }).click();
  const values = (await sdk.report("form")) as Record<string, unknown>;
  expect(values).toMatchObject({
    title: "Gull",
    owner_email: "ann@example.com",
    siteUrl: "https://example.org/gull",
    length: 12.25,
    secret: "s3same",
    notes: "one\ntwo",
    config: { b: [true, null] },
    arrival: "date 2024-05-02",
    slot: "time 08:30:00",
    departure: "datetime 2024-06-11T17:05:00",
    kind: "motor",
    berth: { row: "A", n: 4 },
    services: ["water"],
    agree: true,
    papers: [{ name: "rôle.pdf", type: "application/pdf", size: PAPER.length, sha256: sha256(PAPER) }],
    crew: [{ id: "c2", who: "Bo" }],
  });
  await expect(toast(page, "Done")).toBeVisible();
  // It is cleared for the next one.
  await expect(form.getByLabel("Title")).toHaveValue("");
});

test("what is wrong is said at the field, by the browser and by the program, and the focus goes there", async ({
  page,
  sdk,
  app,
}) => {
  await page.goto(app("form"));
  const form = page.locator("form").first();
  const title = form.getByLabel("Title");
  const before = sdk.reports.length;
  await form.getByRole("button", { name: "Submit" }).click();
  await expect(title).toBeFocused();
  await expect(title).toHaveAttribute("aria-invalid", "true");
  await accessible(page);
  await form.getByLabel("Owner e-mail").fill("no address");
  await form.getByRole("textbox", { name: "Length" }).focus();
  await expect(form.getByLabel("Owner e-mail")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Owner e-mail").fill("");
  await choose(page, form.getByRole("button", { name: /Berth/ }), "B-1");
  await title.fill("bad");
  await form.getByRole("button", { name: "Submit" }).click();
  await expect(form.getByText("Name must not be 'bad'")).toBeVisible();
  await title.fill("wrong");
  await form.getByRole("button", { name: "Submit" }).click();
  await expect(form.getByText("The form as a whole is wrong")).toBeVisible();
  expect(sdk.reports.slice(before).filter(({ what }) => what === "form")).toEqual([]);
  await title.fill("right");
  await form.getByRole("button", { name: "Submit" }).click();
  await expect.poll(() => sdk.reports.slice(before).map(({ what }) => what)).toContain("form");
});

test("a file of the wrong kind is refused with a reason", async ({ page, sdk: _, app }) => {
  await page.goto(app("form"));
  const form = page.locator("form").first();
  const file = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") };
  await form.locator('input[type="file"]').setInputFiles(file);
  await expect(form.getByText(/notes\.txt/).first()).toBeVisible();
  await accessible(page);
});

test("a picture is pasted from the clipboard", async ({ page, sdk, app, context, relay }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: relay.origin });
  await page.goto(app("hooks"));
  await expect(page.getByRole("button", { name: "Choose files" })).toBeVisible();
  await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d")?.fillRect(0, 0, 9, 9);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!picture) throw new Error("no picture");
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
  });
  const before = sdk.reports.length;
  await page.getByRole("button", { name: /Drop or paste files/ }).focus();
  await page.keyboard.press("Control+V");
  await expect(page.getByRole("list", { name: "Files: Drop" }).getByText("image.png")).toBeVisible();
  expect(await sdk.report("drop", before)).toMatchObject([{ name: "image.png", type: "image/png" }]);
});

test("an update that moves an input leaves the text, the focus and the cursor where they were", async ({
  page,
  sdk: _,
  app,
}) => {
  await page.goto(app("moving"));
  const wanderer = page.getByRole("textbox", { name: "Wanderer" });
  await wanderer.pressSequentially("abcd");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(page.getByText("inside")).toBeVisible();
  await expect(wanderer).toBeFocused();
  await page.keyboard.press("x");
  await expect(wanderer).toHaveValue("abcxd");
  await page.keyboard.press("Enter");
  await expect(page.getByText("outside")).toBeVisible();
  await expect(wanderer).toBeFocused();
  await expect(wanderer).toHaveValue("abcxd");
});

test("inputs outside a form tell the program at Enter and at each choice", async ({ page, sdk, app }) => {
  await page.goto(app("hooks"));
  const heard = async (what: string, act: () => Promise<void>) => {
    const before = sdk.reports.length;
    await act();
    return sdk.report(what, before);
  };
  const q = page.getByRole("textbox", { name: "Q" });
  await q.fill("ab");
  await q.press("Enter");
  await expect(page.getByText("Too short")).toBeVisible();
  await q.fill("abc");
  expect(await heard("q", () => q.press("Enter"))).toBe("abc");
  const n = page.getByRole("textbox", { name: "N", exact: true });
  await n.fill("-4.5");
  expect(await heard("n", () => n.press("Enter"))).toBe(-4.5);
  const area = page.getByRole("textbox", { name: "Area" });
  await area.fill("two\nlines");
  expect(await heard("area", () => area.press("Control+Enter"))).toBe("two\nlines");
  const blob = page.getByRole("textbox", { name: "Blob" });
  await blob.fill('{"x": [1]}');
  expect(await heard("blob", () => blob.press("Control+Enter"))).toEqual({ x: [1] });
  expect(await heard("kind", () => page.getByText("motor", { exact: true }).click())).toBe("motor");
  expect(await heard("on", () => page.getByText("On", { exact: true }).click())).toBe(true);
  const one = await heard("one", () => choose(page, page.getByRole("button", { name: /One/ }), "b"));
  expect(one).toBe("b");
  const paper = { name: "日本語.bin", mimeType: "application/octet-stream", buffer: PAPER };
  const drop = await heard("drop", () => page.locator('input[type="file"]').setInputFiles(paper));
  expect(drop).toEqual([{ name: "日本語.bin", type: paper.mimeType, size: PAPER.length, sha256: sha256(PAPER) }]);
  await expect(toast(page, `日本語.bin application/octet-stream ${PAPER.length}`)).toBeVisible();
  await accessible(page);
});

test("the program fills inputs in", async ({ page, sdk: _, app }) => {
  await page.goto(app("hooks"));
  await page.getByRole("button", { name: "Fill" }).click();
  await expect(page.getByRole("textbox", { name: "Q" })).toHaveValue("filled in");
  await expect(page.getByRole("textbox", { name: "N", exact: true })).toHaveValue("5");
  await expect(page.getByRole("radio", { name: "motor" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "On", exact: true })).toBeChecked();
  await page.getByRole("button", { name: "Delete all" }).click();
  await expect(toast(page, "gone")).toBeVisible();
});

test("a date, a time and both are typed with the keyboard", async ({ page, sdk, app }) => {
  await page.goto(app("hooks"));
  const typed = async (id: string, parts: Record<string, string>) => {
    const before = sdk.reports.length;
    const field = page.locator(`[data-input$=" ${id}"]`);
    for (const [part, keys] of Object.entries(parts)) {
      const place = field.getByRole("spinbutton", { name: new RegExp(`^${part}`, "i") });
      await place.focus();
      await place.pressSequentially(keys);
    }
    await page.keyboard.press("Enter");
    return sdk.report(id, before);
  };
  const day = { day: "29", month: "2", year: "2024" };
  expect(await typed("day", day)).toBe("date 2024-02-29");
  expect(await typed("at", { hour: "21", minute: "05" })).toBe("time 21:05:00");
  expect(await typed("moment", { ...day, hour: "00", minute: "30" })).toBe("datetime 2024-02-29T00:30:00");
});
