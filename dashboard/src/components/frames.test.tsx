import { act, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { FixturePage } from "../testing/FixturePage";
import { fixtures, replay } from "../testing/fixtures";

// The PDF library needs a worker and a canvas; the browser tests see the real one.
vi.mock("./display/pdf-document", () => ({
  openPdf: () => ({ promise: new Promise(() => {}), destroy: async () => {} }),
}));

test.each(Object.keys(fixtures))(
  "%s is shown without a placeholder and without a word on the console",
  async (name) => {
    const spies = [vi.spyOn(console, "error"), vi.spyOn(console, "warn")];
    const from = replay(name);
    const { container } = render(<FixturePage from={from} />);
    await vi.waitFor(() => expect(container.querySelector('[aria-hidden="true"][data-type]:empty')).toBeNull(), {
      timeout: 20_000,
    });
    await act(async () => {});
    expect(screen.queryAllByText(/^A part of this page/)).toEqual([]);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  },
);
