import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { FixturePage } from "../../testing/FixturePage";
import { replay } from "../../testing/fixtures";

test("joins nested pieces with no separator", () => {
  render(<FixturePage from={replay("01-display")} />);
  const whole = screen.getByText(
    (_, element) => element?.tagName === "P" && element.textContent === "Mixed: bold part and 42 boats",
  );
  expect(whole.querySelectorAll("span").length).toBeGreaterThan(0);
  expect(screen.getByText("3.5")).toBeTruthy();
});
