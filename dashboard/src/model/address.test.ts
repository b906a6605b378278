import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { failureOf, forOutsiders } from "./failure";
import { linkTarget, safeUrl } from "./navigate";
import { formatParams, parseParams } from "./params";
import { contrast, parseColour, STATUS_TEXTS, themeTokens } from "./theme";

describe("params", () => {
  test("come back with the type they went with", () => {
    const params = {
      n: 11,
      f: -1.5,
      s: "11",
      b: true,
      t: "true",
      plain: "a b&c",
      empty: "",
      quoted: '"x"',
      json: '{"a":1}',
    };
    expect(parseParams(formatParams(params))).toEqual(params);
    expect(formatParams({})).toBe("");
    expect(formatParams({ boat: 11, kind: "sail" })).toBe("?boat=11&kind=sail");
  });
  test("what is no number, boolean or quoted text is text; long ids keep their digits", () => {
    expect(parseParams('?a=11&b="11"&c=x&d=null&e=[1]&f=12345678901234567890&g=007&h=')).toEqual({
      a: 11,
      b: "11",
      c: "x",
      d: "null",
      e: "[1]",
      f: "12345678901234567890",
      g: "007",
      h: "",
    });
    expect(Object.keys(parseParams("?__proto__=1"))).toEqual(["__proto__"]);
  });
});

test("addresses are judged by their scheme", () => {
  expect(linkTarget("My App")).toEqual({ kind: "app", route: "my-app" });
  expect(linkTarget("/reports")).toEqual({ kind: "app", route: "reports" });
  expect(linkTarget("localhost:3000/x")).toEqual({ kind: "url", url: "https://localhost:3000/x" });
  expect(linkTarget("tel:+4930")).toMatchObject({ kind: "url" });
  for (const bad of ["javascript:x.yz", "ftp://x.yz", " JAVASCRIPT:alert(1)", "blob:https://x.yz"]) {
    expect(linkTarget(bad).kind, bad).toBe("refused");
  }
  expect(safeUrl("javascript://x.yz/%0aalert(1)")).toBeNull();
});

test("error messages are taken apart", () => {
  const node = failureOf(
    "An error occurred while executing a callback function:\n\nError: boom\n    at f (a.mjs:1:2)\n",
    "warning",
  );
  expect(node).toEqual({
    severity: "warning",
    title: "An error occurred while executing a callback function",
    message: "Error: boom",
    stack: "    at f (a.mjs:1:2)",
  });
  expect(failureOf("plain", "error")).toMatchObject({ title: "The app has failed", message: "plain", stack: "" });
  const bare = failureOf('Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no', "error");
  expect(bare.message).toBe("ValueError: no");
  expect(forOutsiders(bare)).toMatchObject({ message: "ValueError: no", stack: "" });
});

describe("themes", () => {
  const colour = (hex: string) => {
    const parsed = parseColour(hex);
    if (!parsed) throw new Error(hex);
    return parsed;
  };
  test("every text can be read, whatever the three colours are", () => {
    const some = ["#000000", "#ffffff", "#777777", "#ff0000", "#ffff00", "#0066cc", "#2b1d14", "#fdfaf6", "#00ff88"];
    for (const backgroundColor of some) {
      for (const textColor of some) {
        for (const primaryColor of some) {
          const made = themeTokens({ backgroundColor, textColor, primaryColor })?.tokens ?? {};
          const pair = (text: string, ground: string) => contrast(colour(made[text] ?? ""), colour(made[ground] ?? ""));
          const name = `${backgroundColor} ${textColor} ${primaryColor}`;
          for (const ground of ["--background", "--surface", "--surface-sunken"]) {
            for (const text of ["--text", "--text-secondary", "--primary-text"]) {
              expect(pair(text, ground), `${name}: ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
            }
          }
          const notices = STATUS_TEXTS[themeTokens({ backgroundColor, textColor, primaryColor })?.scheme ?? "light"];
          for (const [status, [, soft]] of Object.entries(notices)) {
            const text = `--${status}-text`;
            for (const ground of ["--background", "--surface", "--surface-sunken"]) {
              expect(pair(text, ground), `${name}: ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
            }
            expect(contrast(colour(made[text] ?? ""), colour(soft)), `${name}: ${text}`).toBeGreaterThanOrEqual(4.5);
          }
          expect(pair("--on-primary", "--primary"), name).toBeGreaterThanOrEqual(4.5);
          expect(pair("--focus", "--background"), name).toBeGreaterThanOrEqual(3);
        }
      }
    }
  });
  test("the colours of statuses are those of the tokens", () => {
    const tokensFile = readFileSync("src/styles/tokens.css", "utf8");
    for (const [status, [text, soft]] of Object.entries(STATUS_TEXTS.light)) {
      const dark = STATUS_TEXTS.dark[status as keyof typeof STATUS_TEXTS.dark];
      expect(tokensFile).toContain(`--${status}-text: light-dark(${text}, ${dark[0]});`);
      expect(tokensFile).toContain(`--${status}-soft: light-dark(${soft}, ${dark[1]});`);
    }
  });
  test("on paper the colours of statuses are the light ones, whatever an app's theme is", () => {
    const print = readFileSync("src/styles/print.css", "utf8");
    for (const [status, [text]] of Object.entries(STATUS_TEXTS.light)) {
      expect(print).toContain(`--${status}-text: ${text} !important;`);
    }
  });
  test("colours that can be read stay as they are", () => {
    const made = themeTokens({ textColor: "#102030", backgroundColor: "#fafafa", primaryColor: "#0066cc" });
    expect(made).toMatchObject({
      scheme: "light",
      tokens: { "--text": "#102030", "--background": "#fafafa", "--primary": "#0066cc" },
    });
    expect(themeTokens(null)).toBeNull();
    expect(themeTokens({ textColor: "red" })).toBeNull();
    expect(themeTokens({ backgroundColor: "#111111" })?.scheme).toBe("dark");
  });
});
