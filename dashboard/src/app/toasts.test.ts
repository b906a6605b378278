import { expect, test } from "vitest";
import { Toasts } from "./toasts";

const shown = (message: unknown, options?: object | null) => {
  const toasts = new Toasts();
  toasts.addFromApp(message as string, options);
  return toasts.snapshot()[0];
};

test("an app's words are taken as they are, what is absent has its default", () => {
  expect(shown("Saved", { title: "Boats", appearance: "success", duration: "long" })).toMatchObject({
    title: "Boats",
    message: "Saved",
    appearance: "success",
    duration: 10_000,
  });
  for (const options of [null, undefined, {}]) {
    expect(shown("Saved", options)).toMatchObject({ title: null, appearance: "info", duration: 5_000 });
  }
  expect(shown("Stay", { duration: "infinite" })?.duration).toBeNull();
});

test("what nobody knows counts as absent, names of prototypes included; no value takes the page down", () => {
  expect(shown({ a: 1 }, { title: ["x"], appearance: "danger", duration: "constructor" })).toMatchObject({
    title: '["x"]',
    message: '{"a":1}',
    appearance: "info",
    duration: 5_000,
  });
});

test("the oldest go when there are many", () => {
  const toasts = new Toasts();
  for (let at = 0; at < 7; at++) toasts.add({ message: `${at}` });
  expect(toasts.snapshot().map(({ message }) => message)).toEqual(["2", "3", "4", "5", "6"]);
});
