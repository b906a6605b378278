import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { MAIN, SkipLink } from "./SkipLink";

test("the skip link goes to the main part and leaves the address as it is", async () => {
  const user = userEvent.setup();
  const address = "/app/e/boats?n=1#table.t=%7B%22search%22%3A%22her%22%7D";
  history.replaceState(null, "", address);
  render(
    <>
      <SkipLink>Skip</SkipLink>
      <main id={MAIN} tabIndex={-1} />
    </>,
  );
  await user.tab();
  expect(document.activeElement).toBe(screen.getByRole("link", { name: "Skip" }));
  await user.keyboard("{Enter}");
  expect(document.activeElement).toBe(screen.getByRole("main"));
  expect(location.pathname + location.search + location.hash).toBe(address);
});
