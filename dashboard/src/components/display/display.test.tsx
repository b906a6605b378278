import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { FixturePage } from "../../testing/FixturePage";
import { emptyReplay, replay } from "../../testing/fixtures";
import { safeStyle } from "../style";

// The PDF library needs a worker and a canvas; the browser tests see the real one.
vi.mock("./pdf-document", () => ({
  openPdf: () => ({ promise: new Promise(() => {}), destroy: async () => {} }),
}));

/** One display piece on the screen. */
function show(type: string, properties: object, style: object | null = null) {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: "r",
    idx: 0,
    ui: { type, interactionType: "display", model: { id: "x", style, properties } },
  });
  return render(<FixturePage from={from} />);
}

test("the captured display pieces", async () => {
  render(<FixturePage from={replay("01-display")} />);
  expect(screen.getByRole("heading", { name: "Harbour office", level: 2 })).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Small heading", level: 3 })).toBeTruthy();
  expect(await screen.findByRole("link", { name: /site/ })).toBeTruthy();
  expect(screen.getByRole("progressbar", { name: "Counting boats" })).toBeTruthy();
  expect(screen.getAllByRole("separator").map((line) => line.getAttribute("aria-orientation"))).toContain("vertical");
  expect(screen.getByRole("img", { name: "Image" })).toBeTruthy();
  expect(await screen.findByText("print", { exact: false })).toBeTruthy();
  expect(screen.getByText("$10,423.50")).toBeTruthy();
  expect(screen.getByText("~3.1 pct")).toBeTruthy();
});

describe("statistic", () => {
  test("says which way it went, not only by colour", () => {
    show("ds", { label: "Late", value: 3, delta: -3, isPositiveDelta: true });
    const change = screen.getByText("down by", { exact: false }).parentElement as HTMLElement;
    expect(change.textContent).toBe("down by 3");
    expect(change.getAttribute("data-good")).toBe("true");
  });
  test("shows a missing value as such", () => {
    show("ds", { label: "Late", value: null });
    expect(screen.getByText("–")).toBeTruthy();
  });
});

describe("markdown", () => {
  const markdown = [
    "# Title",
    "[bad](javascript:alert(1)) [worse](data:text/html,x) [mail](mailto:a@example.org) [other](/app/1/x)",
    "<img src=x onerror=alert(1)> <script>alert(1)</script>",
    "![pic](https://example.org/a.png) ![no](javascript:alert(1))",
    "- [x] tide",
    "",
    "| a | b |\n| - | - |\n| 1 | 2 |",
  ].join("\n\n");

  test("has links that are safe and none that is not", async () => {
    show("display-markdown", { markdown });
    const mail = await screen.findByRole("link", { name: /^mail/ });
    expect(screen.getAllByRole("link")).toHaveLength(2);
    expect(mail.getAttribute("href")).toBe("mailto:a@example.org");
    expect(mail.getAttribute("target")).toBe("_blank");
    expect(mail.getAttribute("rel")).toBe("noopener noreferrer");
    expect(screen.getByText("bad")).toBeTruthy();
  });

  test("shows HTML as text", async () => {
    const { container } = show("display-markdown", { markdown });
    expect(await screen.findByText(/<img src=x onerror=alert\(1\)>/)).toBeTruthy();
    expect(container.querySelector("script")).toBeNull();
    expect([...container.querySelectorAll("img")].map((image) => image.getAttribute("src"))).toEqual([
      "https://example.org/a.png",
    ]);
  });

  test("has tables, tasks and headings below the page's own", async () => {
    show("display-markdown", { markdown });
    expect(await screen.findByRole("heading", { name: "Title", level: 2 })).toBeTruthy();
    expect(screen.getByRole("checkbox", { name: "done" })).toBeTruthy();
    expect(within(screen.getByRole("table")).getAllByRole("cell")).toHaveLength(2);
  });

  test("does not parse what would hold up the page", async () => {
    const { container } = show("display-markdown", { markdown: `# big\n${"*a".repeat(150_000)}` });
    await waitFor(() => expect(container.querySelector("pre")).not.toBeNull());
    expect(screen.queryByRole("heading")).toBeNull();
  });
});

describe("json", () => {
  test("folds, and shows long lists in steps", async () => {
    const user = userEvent.setup();
    show("display-json", { json: { berths: [1, { deep: { deeper: "treasure" } }], long: Array(250).fill(0) } });
    expect(await screen.findByText('"berths"')).toBeTruthy();
    expect(screen.queryByText('"treasure"')).toBeNull();
    await user.click(screen.getByRole("button", { name: "Item, 1 key" }));
    await user.click(screen.getByRole("button", { name: "deep, 1 key" }));
    expect(screen.getByText('"treasure"')).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "100 more of 150" }));
    expect(screen.getByRole("button", { name: "50 more of 50" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "All, 2 keys" }));
    expect(screen.queryByText('"berths"')).toBeNull();
  });

  test("takes names of prototypes, markup and huge texts as data", async () => {
    const json = JSON.parse(`{"__proto__": {"a": 1}, "constructor": "<b>x</b>", "s": "${"y".repeat(5000)}"}`);
    const { container } = show("display-json", { json });
    expect(await screen.findByText('"__proto__"')).toBeTruthy();
    expect(screen.getByText('"<b>x</b>"')).toBeTruthy();
    expect(container.querySelector("b")).toBeNull();
    expect(screen.getByText(/y… \(5002 characters\)/)).toBeTruthy();
  });
});

describe("code", () => {
  test("is coloured in a known language, plain in an unknown one", async () => {
    const { container, unmount } = show("display-code", { code: "print('<b>ahoy</b>')", lang: "python" });
    await waitFor(() => expect(container.querySelector(".hljs-string")?.textContent).toBe("'<b>ahoy</b>'"));
    expect(container.querySelector("b")).toBeNull();
    unmount();
    const other = show("display-code", { code: "print('ahoy')", lang: "constructor" });
    await waitFor(() => expect(other.container.querySelector("code")?.innerHTML).toBe("print('ahoy')"));
  });
});

describe("image", () => {
  test.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", ""])("refuses %j", (src) => {
    const { container } = show("display-image", { src });
    expect([...container.querySelectorAll("img")].every((image) => image.src.startsWith("http"))).toBe(true);
  });
});

test("hostile styles do not leave the page's area", () => {
  const { container } = show(
    "display-header",
    { text: "<b>x</b>", size: "constructor", color: "nope" },
    { position: "fixed", background: "url(javascript:alert(1))", color: "red", "--x": "1", behavior: "url(x)" },
  );
  const heading = screen.getByRole("heading", { name: "<b>x</b>" });
  expect(heading.getAttribute("style")).toBe("color: red;");
  expect(safeStyle({ backgroundImage: "image-set('data:image/png;base64,AA' 1x, 'https://evil.test/x' 2x)" })).toEqual(
    {},
  );
  expect(safeStyle({ background: "url(data:image/png;base64,AA), url(https://evil.test/x)" })).toEqual({});
  expect(container.querySelector("b")).toBeNull();
});

test("types with names of prototypes are placeholders", () => {
  for (const type of ["constructor", "__proto__", "toString"]) {
    const { container, unmount } = show(type, {});
    expect(container.textContent).toContain(type);
    unmount();
  }
});
