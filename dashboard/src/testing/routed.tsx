import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";

/** Renders something that holds links, with a router of its own. */
export async function renderRouted(content: () => ReactNode): Promise<void> {
  const router = createRouter({
    routeTree: createRootRoute({ component: () => <>{content()}</> }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  await act(async () => {
    await router.load();
  });
  render(<RouterProvider router={router as never} />);
}
