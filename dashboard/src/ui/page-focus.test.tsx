import { render } from "@testing-library/react";
import { useRef } from "react";
import { expect, test } from "vitest";
import { usePageFocus } from "./page-focus";

function Page({ address, inside = false }: { address: string; inside?: boolean }) {
  const main = useRef<HTMLElement>(null);
  usePageFocus(main, address);
  return (
    <main ref={main} tabIndex={-1}>
      {/* biome-ignore lint/a11y/noAutofocus: what is tested */}
      {inside && <button type="button" autoFocus />}
    </main>
  );
}

test("the focus goes to each further page, but not to the first one, and not away from what has taken it there", () => {
  const { container, rerender } = render(<Page key="a" address="/a" />);
  const main = () => container.querySelector("main");
  expect(document.activeElement).toBe(document.body);
  rerender(<Page key="b" address="/b" />);
  expect(document.activeElement).toBe(main());
  rerender(<Page key="c" address="/c" inside />);
  expect(document.activeElement).toBe(main()?.querySelector("button"));
  // The same page with other words.
  (document.activeElement as HTMLElement).blur();
  rerender(<Page key="d" address="/c" />);
  expect(document.activeElement).toBe(document.body);
});
