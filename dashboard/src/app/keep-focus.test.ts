import { afterEach, beforeEach, expect, test } from "vitest";
import { keepFocus } from "./keep-focus";

let area: HTMLElement;
let stop: () => void;
beforeEach(() => {
  area = document.createElement("div");
  document.body.replaceChildren(area);
  area.append(input("r1 name", "typed"), input("r1 other", ""));
  stop = keepFocus(area);
});
afterEach(async () => {
  // Nothing is left for the next one.
  (document.activeElement as HTMLElement).blur();
  await soon();
  stop();
});

function input(anchor: string, value: string): HTMLElement {
  const outer = document.createElement("div");
  outer.dataset.input = anchor;
  const field = document.createElement("input");
  field.value = value;
  outer.append(document.createElement("label"), field);
  return outer;
}
const field = (anchor: string) => area.querySelector<HTMLInputElement>(`[data-input="${anchor}"] input`);
const soon = () => new Promise((resolve) => setTimeout(resolve));

test("an input that is moved keeps the focus, and the place in its text", async () => {
  field("r1 name")?.focus();
  field("r1 name")?.setSelectionRange(2, 3);
  const card = document.createElement("section");
  card.append(input("r1 name", "typed"));
  area.firstElementChild?.remove();
  area.append(card);
  await soon();
  expect(document.activeElement).toBe(field("r1 name"));
  expect([field("r1 name")?.selectionStart, field("r1 name")?.selectionEnd]).toEqual([2, 3]);
});

test("who has left an input is not taken back to it", async () => {
  field("r1 name")?.focus();
  field("r1 name")?.blur();
  await soon();
  area.firstElementChild?.remove();
  area.append(input("r1 name", "typed"));
  await soon();
  expect(document.activeElement).toBe(document.body);
});

test("who has gone on to another input stays there", async () => {
  field("r1 name")?.focus();
  field("r1 other")?.focus();
  area.firstElementChild?.remove();
  area.append(input("r1 name", "typed"));
  await soon();
  expect(document.activeElement).toBe(field("r1 other"));
});

test("a run that takes the place of another one gets the focus where it was, though its renders have other ids", async () => {
  field("r1 name")?.focus();
  stop();
  area.replaceChildren();
  area.append(input("r2 other", ""), input("r2 name", "typed"));
  stop = keepFocus(area);
  await new Promise((resolve) => requestAnimationFrame(resolve));
  expect(document.activeElement).toBe(field("r2 name"));
});
