import { describe, expect, test } from "vitest";
import { emptyReplay, fixtures, replay } from "../testing/fixtures";
import { jsonEqual } from "./equal";
import { fileProblem } from "./files";
import {
  formatCurrency,
  formatDate,
  formatDateTime,
  formatDelta,
  formatNumber,
  formatStatistic,
  parseMoment,
} from "./format";
import { headingFromKey, labelFromId } from "./label";
import { localError, looksLikeUrl } from "./rules";
import type { ComponentNode, InputType, Json } from "./types";
import { type InputNode, isInput, optionsOf, valueFromWire, wireValue } from "./values";

const input = (type: InputType, properties: object = {}, model: object = {}): InputNode =>
  ({
    type,
    interactionType: "input",
    formId: null,
    model: { id: "x", required: true, properties, ...model },
  }) as unknown as InputNode;

test("labels from names", () => {
  expect(["siteUrl", "owner_email", "userID", "USA-code", "uuid", "a"].map(labelFromId)).toEqual([
    "Site url",
    "Owner email",
    "User ID",
    "USA code",
    "UUID",
    "A",
  ]);
  expect(["length_m", "createdAt", "id"].map(headingFromKey)).toEqual(["Length M", "Created At", "ID"]);
});

describe("formats", () => {
  test("dates and times", () => {
    const moment = new Date(1983, 9, 14, 10, 14);
    expect(formatDate(moment)).toBe("Oct 14, 1983");
    expect(formatDateTime(moment)).toBe("Oct 14, 1983, 10:14 AM");
    expect(parseMoment("1983-10-14")?.getDate()).toBe(14);
    expect(parseMoment("1983-10-14T10:14:00")?.getHours()).toBe(10);
    expect(parseMoment("2024-05-02T08:30:00.000Z")?.getTime()).toBe(Date.UTC(2024, 4, 2, 8, 30));
    for (const bad of ["2024-02-31", "soon", "12", "", null, true]) expect(parseMoment(bad), String(bad)).toBeNull();
  });
  test("numbers and money", () => {
    expect(formatNumber(1234.56789)).toBe("1,234.568");
    expect(formatCurrency(1234.5)).toBe("$1,234.50");
    expect(formatCurrency(-3)).toBe("-$3.00");
  });
  test("statistics", () => {
    expect(formatStatistic(0.1 + 0.2)).toBe("0.3");
    expect(formatStatistic(1234.5678)).toBe("1,234.5678");
    expect(formatStatistic(0.256, { format: "percent" })).toBe("25.6%");
    expect(formatStatistic(0.256, { format: "percent", prefix: "~", suffix: " pct" })).toBe("~25.6 pct");
    expect(formatStatistic(12.5, { format: "currency", decimals: 2 })).toBe("$12.50");
    expect(formatStatistic(12.004, { decimals: 2 })).toBe("12");
    expect(formatStatistic(-5, { format: "currency" })).toBe("-$5");
    expect(formatStatistic("many")).toBe("many");
    expect(formatDelta(-0.05, { format: "percent" })).toEqual({ text: "5%", direction: "down", good: false });
    expect(formatDelta(0)).toMatchObject({ direction: null, good: null });
    expect(formatDelta(-2, { isPositive: true }).good).toBe(true);
  });
});

describe("local rules", () => {
  const wrong = (node: InputNode, value: unknown) => localError(node, value as never) !== null;
  test("required and empty", () => {
    for (const [type, empty] of [
      ["input-text", ""],
      ["input-number", ""],
      ["input-date", null],
      ["input-radio-group", null],
      ["input-select-dropdown-multi", []],
      ["input-file-drop", []],
      ["ij", " "],
    ] as [InputType, unknown][]) {
      expect(wrong(input(type), empty), type).toBe(true);
      expect(wrong(input(type, { minSelections: 2, minCount: 2 }, { required: false }), empty), type).toBe(false);
    }
    expect(wrong(input("input-checkbox"), false)).toBe(false);
    expect(wrong(input("input-table", { allowSelect: false }), [])).toBe(false);
    expect(wrong(input("input-table", { allowSelect: true }), [])).toBe(true);
  });
  test("e-mail and url", () => {
    for (const good of ["a@b.c", "é.x+y@sub.example.org"]) expect(wrong(input("input-email"), good), good).toBe(false);
    for (const bad of ["a", "a@b", "a b@c.d", "@b.c"]) expect(wrong(input("input-email"), bad), bad).toBe(true);
    for (const good of ["example.com", "https://x.org/a?b", "localhost:3000/x", "http://localhost", "a.bc"]) {
      expect(looksLikeUrl(good), good).toBe(true);
    }
    for (const bad of ["example", "a.b", "my-route", "https://x", "two words.com x"]) {
      expect(looksLikeUrl(bad), bad).toBe(false);
    }
  });
  test("numbers", () => {
    for (const good of ["0", "-1.5", ".5", "1."]) expect(wrong(input("input-number"), good), good).toBe(false);
    for (const bad of ["-", ".", "1e3", "1,000", "--1"]) expect(wrong(input("input-number"), bad), bad).toBe(true);
  });
  test("limits are inclusive and named", () => {
    const date = input("input-date", { min: { year: 2024, month: 2, day: 1 }, max: { year: 2024, month: 3, day: 1 } });
    expect(wrong(date, { year: 2024, month: 2, day: 1 })).toBe(false);
    expect(wrong(date, { year: 2024, month: 3, day: 1 })).toBe(false);
    expect(localError(date, { year: 2024, month: 3, day: 2 })).toBe("Must be from Feb 1, 2024 to Mar 1, 2024.");
    const time = input("input-time", { min: { hour: 9, minute: 30 } });
    expect(localError(time, { hour: 9, minute: 29 })).toBe("Must be 9:30 AM or later.");
    expect(localError(input("input-select-dropdown-multi", { maxSelections: 1 }), ["a", "b"])).toBe(
      "Select at most 1 choice.",
    );
    expect(wrong(input("ij"), "{")).toBe(true);
  });
  test("files by type, ending and size", () => {
    const pdf = { name: "A.PDF", type: "", size: 1 };
    expect(fileProblem(["application/pdf"], pdf)).toBeNull();
    expect(fileProblem(["image/png"], pdf)).toContain("not accepted");
    expect(fileProblem([], pdf)).toContain("no type of file");
    expect(fileProblem(null, { ...pdf, size: 10_485_601 })).toContain("10 MB");
    expect(fileProblem(null, { ...pdf, size: 10_485_600 })).toBeNull();
  });
});

test("options keep the type of their value", () => {
  expect(
    optionsOf(["a", 1, false, { value: 1, label: "One", description: "" }, { value: { a: 1 }, label: "" }]),
  ).toEqual([
    { value: "a", label: "a" },
    { value: 1, label: "1" },
    { value: false, label: "false" },
    { value: 1, label: "One" },
    { value: { a: 1 }, label: '{"a":1}' },
  ]);
  expect(jsonEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(jsonEqual({ a: 1 }, { a: "1" })).toBe(false);
  expect(jsonEqual([], {})).toBe(false);
});

test("values in and out", () => {
  const out = (type: InputType, value: unknown, properties: object = {}) =>
    wireValue(input(type, properties), value as never);
  expect(out("input-text", "")).toBeNull();
  expect(out("input-number", "-1.50")).toBe(-1.5);
  expect(out("input-number", "")).toBeNull();
  expect(out("ij", '{"a":1}')).toEqual({ value: '{"a":1}', type: "ij" });
  expect(out("input-time", { hour: 1, minute: 2 })).toEqual({ value: { hour: 1, minute: 2 }, type: "input-time" });
  expect(out("input-date", null)).toEqual({ value: null, type: "input-date" });
  expect(out("input-table", [1, "1"], { v: 3 })).toEqual({ value: [1, "1"], type: "input-table" });
  const old = { v: 1, data: [{ a: 1 }, { a: 2 }] };
  expect(out("input-table", [1], old)).toEqual({ value: [{ a: 2 }], type: "input-table" });
  expect(valueFromWire("input-date", "2024-05-02T08:30:00Z")).toEqual({ year: 2024, month: 5, day: 2 });
  expect(valueFromWire("input-date-time", { year: 2024, month: 5, day: 2, hour: 8, minute: 0 })).toMatchObject({
    hour: 8,
  });
  expect(valueFromWire("ij", { a: 1 })).toBe('{\n  "a": 1\n}');
});

describe("a run, fed with captures", () => {
  test("every file goes in without a warning of ours", () => {
    for (const name of Object.keys(fixtures)) {
      const { execution, pageEvents } = replay(name);
      const told = pageEvents.flatMap((event) => (event.type === "au" ? [event.errorMessage] : []));
      const theirs = JSON.stringify(Object.values(fixtures));
      expect(
        told.filter((message) => !theirs.includes(JSON.stringify(message).slice(1, -1))),
        name,
      ).toEqual([]);
      for (const id of [...execution.page.renderIds, ...execution.page.modalIds]) {
        const render = execution.render(id);
        for (const node of render?.subtree(render.rootId) ?? []) expect(render?.nodes.has(node), name).toBe(true);
      }
    }
  });

  test("the form of all inputs sends what was captured", () => {
    const { execution, sent, uploads } = replay("02-form-render");
    const form = fixtures["06-form-success"]?.frames.find((frame) => frame.code === "ac");
    const want = form?.json.formData as Record<string, Json>;
    const renderId = execution.page.renderIds[0] ?? "";
    expect(execution.submit(renderId, "boat-form")).toBe("title");
    expect(sent).toEqual([]);
    for (const field of execution.render(renderId)?.fieldsOf("boat-form") ?? []) {
      const id = field.model.id;
      if (field.type === "input-file-drop") {
        const [file] = want[id] as { fileName: string; fileType: string; fileSize: number }[];
        const bytes = new Uint8Array(file?.fileSize ?? 0);
        const made = new File([bytes], file?.fileName ?? "", { type: file?.fileType ?? "" });
        execution.setValue(renderId, id, [{ key: "1", file: made }]);
      } else {
        const value = want[id] as Json;
        const bare = value && typeof value === "object" && "value" in value ? (value as { value: Json }).value : value;
        execution.setValue(renderId, id, field.type === "ij" ? (bare as string) : valueFromWire(field.type, bare));
      }
    }
    expect(execution.submit(renderId, "boat-form")).toBeNull();
    const data = (sent[0] as { formData: Record<string, Json> }).formData;
    const plain = (value: Json | undefined) =>
      JSON.parse(JSON.stringify(value).replace(/"fileId":"[^"]*"/g, '"fileId":""'));
    for (const id of Object.keys(want)) expect(plain(data[id]), id).toEqual(plain(want[id]));
    expect(Object.keys(data).sort()).toEqual(Object.keys(want).sort());
    expect(uploads).toHaveLength(1);
    expect(execution.form(renderId, "boat-form")).toEqual({ submitting: true, error: null });
  });

  test("an update keeps what was typed, and a moved input, too", () => {
    const { execution, receive } = emptyReplay();
    const field = (id: string, initialValue: string | null = null) => ({
      type: "input-text",
      interactionType: "input" as const,
      model: { id, properties: { initialValue } },
    });
    const stack = (children: ReturnType<typeof field>[]) => ({
      type: "layout-stack",
      interactionType: "layout" as const,
      model: { id: "root", children, properties: {} },
    });
    receive({ type: "av", renderId: "r", ui: stack([field("a"), field("b"), field("c", "x")]), idx: 0 });
    for (const id of ["a", "b", "c"]) execution.setValue("r", id, `typed ${id}`);
    const diff = {
      rootId: "root",
      delete: ["b"],
      add: { b: field("b") },
      update: {
        a: { properties: { initialValue: null } },
        c: { properties: { initialValue: "y" } },
        root: { children: ["b", "a", "c"], properties: {} },
      },
      metadata: { a: { formId: "f" } },
    };
    receive({ type: "bf", diff: { r: diff }, v: 2 });
    expect(["a", "b", "c"].map((id) => execution.input("r", id)?.value)).toEqual(["typed a", "typed b", "y"]);
    expect(execution.node("r", "a")?.formId).toBe("f");
    // The same once more, as a replay after a reconnect may bring it.
    receive({ type: "bf", diff: { r: { ...diff, delete: [] } }, v: 2 });
    expect(execution.input("r", "b")?.value).toBe("typed b");
  });

  test("a diff of the first version keeps the value also when the initial one changes", () => {
    const { execution, receive } = emptyReplay();
    const ui = {
      type: "input-text",
      interactionType: "input" as const,
      model: { id: "a", properties: { initialValue: "x" } },
    };
    receive({ type: "av", renderId: "r", ui });
    execution.setValue("r", "a", "typed");
    receive({ type: "bf", diff: { r: { rootId: "a", update: { a: { properties: { initialValue: "y" } } } } } });
    expect(execution.input("r", "a")?.value).toBe("typed");
  });

  test("insert, remove and replace the root, as captured", () => {
    const { execution } = replay("30-update-diffs");
    const render = execution.render(execution.page.renderIds[0] ?? "");
    expect(render?.nodes.size).toBe(render?.subtree(render.rootId).length);
  });

  test("modals close once, and their later events are nobody's", () => {
    const { execution, receive, sent, pageEvents } = replay("25-modal-closed-by-user", 1);
    const id = execution.page.modalIds[0] ?? "";
    pageEvents.length = 0;
    execution.closeModal(id);
    execution.closeModal(id);
    expect(sent).toEqual([{ type: "al", renderId: id }]);
    receive({ type: "bh", renderId: id });
    receive({ type: "bf", diff: { [id]: { rootId: "x" } } });
    expect(pageEvents).toEqual([]);
    expect(execution.page.modalIds).toEqual([]);
  });

  test("loading merges and ends", () => {
    const { execution, receive } = emptyReplay();
    receive({ type: "bi", value: true, properties: { text: "One", disableInteraction: true } });
    receive({ type: "bi", value: true, properties: { text: "Two" } });
    expect(execution.page.loading).toEqual({ text: "Two", disableInteraction: true });
    receive({ type: "bi", value: false });
    expect(execution.page.loading).toBeNull();
  });

  test("two renders with one position: the first stays, and it is told", () => {
    const { execution, receive, pageEvents } = emptyReplay();
    const ui = (id: string) => ({
      type: "display-none",
      interactionType: "display" as const,
      model: { id, properties: {} },
    });
    receive({ type: "av", renderId: "b", ui: ui("1"), idx: 1 });
    receive({ type: "av", renderId: "a", ui: ui("2"), idx: 0 });
    receive({ type: "av", renderId: "c", ui: ui("3"), idx: 1 });
    expect(execution.page.renderIds).toEqual(["a", "b"]);
    expect(pageEvents).toHaveLength(1);
  });

  test("a failed page function ends the wait of the table", () => {
    const { execution, receive } = replay("15-paged-render", 1);
    const renderId = execution.page.renderIds[0] ?? "";
    const table = [...(execution.render(renderId)?.tables.keys() ?? [])][0] ?? "";
    execution.changePage(renderId, table, { offset: 0, pageSize: 10, searchQuery: null, sortBy: [], filterBy: null });
    expect(execution.table(renderId, table)?.stale).toBe("UPDATE_DISABLED");
    receive({ type: "au", errorMessage: "Broken.", severity: "warning" });
    expect(execution.table(renderId, table)).toMatchObject({ stale: false, failed: "Broken." });
  });

  test("tables of inputs, at least one of each kind, are inputs", () => {
    const { execution } = replay("13-tables-render");
    const nodes = execution.page.renderIds.flatMap((id) => [...(execution.render(id)?.nodes.values() ?? [])]);
    expect(nodes.filter((node: ComponentNode) => isInput(node)).length).toBeGreaterThanOrEqual(5);
  });
});
