import "./styles/tokens.css";
import "./styles/base.css";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";

// Only in development: a build has neither the page nor the captured files.
const Fixtures = import.meta.env.DEV
  ? lazy(() => import("./dev/Fixtures").then((module) => ({ default: module.Fixtures })))
  : null;

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Suspense>{Fixtures && location.pathname === "/fixtures" ? <Fixtures /> : null}</Suspense>
  </StrictMode>,
);
