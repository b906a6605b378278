import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { makeRouter } from "./router";

// Only in development: a build has neither the page nor the captured files.
const Fixtures = import.meta.env.DEV
  ? lazy(() => import("./dev/Fixtures").then((module) => ({ default: module.Fixtures })))
  : null;

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    {Fixtures && location.pathname === "/fixtures" ? (
      <Suspense>
        <Fixtures />
      </Suspense>
    ) : (
      <RouterProvider router={makeRouter()} />
    )}
  </StrictMode>,
);
