/** The map of addresses. Mails, bookmarks and customers' code rely on them. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { ComponentType } from "react";
import { formatParams, parseParams } from "./model/params";
import { Crash } from "./ui/Crash";
import { NotFound } from "./ui/NotFound";
import { PageOnItsWay } from "./ui/PageOnItsWay";
import { Part } from "./ui/part";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crash });

/** An address whose page is fetched when it is opened. */
function page<Path extends string>(path: Path, fetchPage: () => Promise<ComponentType>) {
  const part = new Part(async () => ({ default: await fetchPage() }));
  return createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(part.load),
    pendingComponent: () => <PageOnItsWay part={part} />,
  });
}

const routes = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: "/home", replace: true });
    },
  }),
  page("/home", () => import("./home/HomePage").then((m) => m.HomePage)),
  page("/app/$environmentId/$appRoute", () => import("./app/AppPage").then((m) => m.AppPage)),
  page("/auth/login", () => import("./auth/SignInPage").then((m) => m.SignInPage)),
  page("/auth/signup", () => import("./auth/SignUpPage").then((m) => m.SignUpPage)),
  page("/auth/signed-in", () => import("./auth/SignedInPage").then((m) => m.SignedInPage)),
  page("/auth/google-oauth", () => import("./auth/GooglePage").then((m) => m.GooglePage)),
  page("/auth/google-oauth/redirect", () => import("./auth/GoogleReturnPage").then((m) => m.GoogleReturnPage)),
  page("/auth/login-to-app", () => import("./auth/AppEntryPage").then((m) => m.AppEntryPage)),
  page("/new-user-flow", () => import("./auth/NewUserPage").then((m) => m.NewUserPage)),
]);

/** Values of a query are JSON-like everywhere: what reads as a number or a boolean is one. */
export const makeRouter = () =>
  createRouter({
    routeTree: routes,
    parseSearch: parseParams,
    stringifySearch: formatParams,
    defaultPreload: "intent",
    // Not held up for the sake of a calm look.
    defaultPendingMinMs: 0,
    scrollRestoration: true,
  });
