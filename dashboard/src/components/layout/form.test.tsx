import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Json } from "../../model/types";
import { FixturePage } from "../../testing/FixturePage";
import { emptyReplay, fixtures, type Replay, replay } from "../../testing/fixtures";

async function show(name = "02-form-render") {
  const from = replay(name);
  render(<FixturePage from={from} />);
  await screen.findAllByRole("spinbutton");
  return { from, user: userEvent.setup() };
}

const submits = (from: Replay) => from.sent.filter((event) => event.type === "ac");
const submitButton = () => screen.getByRole("button", { name: "Submit" });

/** Fills what has no initial value, as the captured browser did. */
async function fill(user: ReturnType<typeof userEvent.setup>, title: string) {
  await user.type(screen.getByRole("textbox", { name: /^Title/ }), title);
  await user.click(screen.getByRole("combobox", { name: /^Berth/ }));
  await user.click(screen.getByRole("option", { name: /Berth A-4/ }));
}

test("the data of a form is what the capture has", async () => {
  const { from, user } = await show();
  await fill(user, "Heron");
  const papers = screen.getByRole("group", { name: /^Papers/ });
  const capturedFrame = fixtures["06-form-success"]?.frames.find((frame) => frame.code === "ac");
  const expected = capturedFrame?.json.formData as Record<string, Json>;
  const files = expected.papers as { fileName: string; fileType: string; fileSize: number }[];
  await user.upload(
    papers.querySelector('input[type="file"]') as HTMLInputElement,
    files.map((file) => new File(["x".repeat(file.fileSize)], file.fileName, { type: file.fileType })),
  );
  await user.click(submitButton());

  const [event] = submits(from);
  const withoutIds = (value: unknown) => JSON.parse(JSON.stringify(value).replace(/"fileId":"[^"]*",?/g, ""));
  const { config, title, ...rest } = withoutIds((event as { formData: unknown }).formData);
  const { config: _, title: __, ...expectedRest } = withoutIds(expected);
  expect(rest).toEqual(expectedRest);
  expect(title).toBe("Heron");
  // The text of the JSON is ours, its meaning the author's.
  expect(config.type).toBe("ij");
  expect(JSON.parse(config.value)).toEqual({ a: [1, 2] });
  expect(from.uploads).toHaveLength(files.length);
});

test("a wrong field stops the submit, shows itself and gets the focus", async () => {
  const { from, user } = await show();
  await user.click(submitButton());
  expect(submits(from)).toEqual([]);
  const title = screen.getByRole("textbox", { name: /^Title/ });
  expect(title.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByRole("combobox", { name: /^Berth/ }).getAttribute("aria-invalid")).toBe("true");
  await waitFor(() => expect(document.activeElement).toBe(title));
});

test("while the app answers, a second submit does nothing; its errors show and a new try clears them", async () => {
  const { from, user } = await show();
  await fill(user, "bad");
  await user.click(submitButton());
  await new Promise((resolve) => setTimeout(resolve, 320));
  await user.click(submitButton());
  await user.type(screen.getByRole("textbox", { name: /^Title/ }), "{Enter}");
  expect(submits(from)).toHaveLength(1);
  expect(submitButton().getAttribute("aria-disabled")).toBe("true");

  const refusal = fixtures["03-form-field-error"]?.frames.find((frame) => frame.code === "aw");
  from.receive(refusal?.json as never);
  expect(await screen.findByText("Name must not be 'bad'")).toBeTruthy();
  expect(within(screen.getAllByRole("alert")[0] as HTMLElement).getByText(/Form validation failed/)).toBeTruthy();
  expect(submitButton().getAttribute("aria-disabled")).toBeNull();

  await user.click(submitButton());
  expect(submits(from)).toHaveLength(2);
  expect(screen.queryByText("Name must not be 'bad'")).toBeNull();
  expect(screen.queryByText(/Form validation failed/)).toBeNull();
});

test("success clears the form where the author wants it", async () => {
  const { from, user } = await show();
  await fill(user, "Heron");
  await user.click(submitButton());
  for (const frame of fixtures["06-form-success"]?.frames ?? []) {
    if (frame.code === "bb") from.receive(frame.json as never);
  }
  await waitFor(() => expect(submitButton().getAttribute("aria-disabled")).toBeNull());
  expect((screen.getByRole("textbox", { name: /^Title/ }) as HTMLInputElement).value).toBe("");
  expect((screen.getByRole("combobox", { name: /^Berth/ }) as HTMLInputElement).value).toBe("");
  expect((screen.getByRole("textbox", { name: /^Notes/ }) as HTMLTextAreaElement).value).toBe("two\nlines");
  expect(screen.getByRole("textbox", { name: /^Title/ }).getAttribute("aria-invalid")).not.toBe("true");
});

test("a form that nobody hears sends nothing", async () => {
  const { from, user } = await show();
  await user.type(screen.getByRole("textbox", { name: /^Only/ }), "x{Enter}");
  await user.click(screen.getByRole("button", { name: "Send it" }));
  expect(from.sent).toEqual([]);
});

test("Enter submits a form without a button", async () => {
  const { from, user } = await show();
  await user.type(screen.getByRole("textbox", { name: /^Quiet/ }), "x{Enter}");
  expect(submits(from)).toMatchObject([{ formComponentId: "no-button", formData: { quiet: "x" } }]);
});

test("Enter submits from choices and dates too, in a text area with Ctrl", async () => {
  const { from, user } = await show();
  const title = screen.getByRole("textbox", { name: /^Title/ });
  await fill(user, "Heron");
  const refuse = () =>
    from.receive({
      type: "aw",
      renderId: from.execution.page.renderIds[0] as string,
      formComponentId: "boat-form",
      inputComponentErrors: null,
      formError: "no",
    });
  for (const press of [
    () => user.type(title, "{Enter}"),
    () => user.type(screen.getByRole("radio", { name: "sail" }), "{Enter}"),
    () => user.type(screen.getByRole("checkbox", { name: "I agree" }), "{Enter}"),
    () => user.type(screen.getByRole("combobox", { name: /^Berth/ }), "{Escape}{Enter}"),
    () => user.type(screen.getAllByRole("spinbutton")[0] as HTMLElement, "{Enter}"),
    () => user.type(screen.getByRole("textbox", { name: /^Notes/ }), "{Control>}{Enter}{/Control}"),
  ]) {
    const before = submits(from).length;
    await press();
    expect(submits(from)).toHaveLength(before + 1);
    refuse();
  }
  await user.type(screen.getByRole("textbox", { name: /^Notes/ }), "{Enter}");
  expect(submits(from)).toHaveLength(6);
});

test("ids with names of prototypes are fields like others", async () => {
  const from = emptyReplay();
  const field = (id: string) => ({
    type: "input-text",
    interactionType: "input" as const,
    model: { id, required: false, properties: { initialValue: id } },
  });
  from.receive({
    type: "av",
    renderId: "r",
    idx: 0,
    ui: {
      type: "layout-form",
      interactionType: "layout",
      model: {
        id: "constructor",
        children: ["__proto__", "toString", "hasOwnProperty"].map(field),
        properties: { hasOnSubmitHook: true },
      },
    },
  });
  render(<FixturePage from={from} />);
  await userEvent.setup().type(screen.getByRole("textbox", { name: /^To string/ }), "{Enter}");
  expect(JSON.stringify(from.sent)).toContain(
    '"formData":{"__proto__":"__proto__","toString":"toString","hasOwnProperty":"hasOwnProperty"}',
  );
});

test("a missing file leads the focus to the button that chooses files", async () => {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: "r",
    idx: 0,
    ui: {
      type: "layout-form",
      interactionType: "layout",
      model: {
        id: "f",
        children: [
          {
            type: "input-file-drop",
            interactionType: "input",
            model: { id: "papers", required: true, properties: {} },
          },
          { type: "button-form-submit", interactionType: "button", model: { id: "send", properties: {} } },
        ],
        properties: { hasOnSubmitHook: true },
      },
    },
  });
  render(<FixturePage from={from} />);
  const choose = await screen.findByRole("button", { name: "Choose files" });
  await userEvent.setup().click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(document.activeElement).toBe(choose));
  expect(from.sent).toEqual([]);
});
