/** The map of addresses. Mails, bookmarks and customers' code rely on them. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { formatParams, parseParams } from "./model/params";
import { Crash } from "./ui/Crash";
import { NotFound } from "./ui/NotFound";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crash });

/** An address whose page is loaded when it is opened. */
const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const routes = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: "/home", replace: true });
    },
  }),
  page(
    "/home",
    lazyRouteComponent(() => import("./home/HomePage"), "HomePage"),
  ),
  page(
    "/app/$environmentId/$appRoute",
    lazyRouteComponent(() => import("./app/AppPage"), "AppPage"),
  ),
  page(
    "/auth/login",
    lazyRouteComponent(() => import("./auth/SignInPage"), "SignInPage"),
  ),
  page(
    "/auth/signup",
    lazyRouteComponent(() => import("./auth/SignUpPage"), "SignUpPage"),
  ),
  page(
    "/auth/signed-in",
    lazyRouteComponent(() => import("./auth/SignedInPage"), "SignedInPage"),
  ),
  page(
    "/auth/google-oauth",
    lazyRouteComponent(() => import("./auth/GooglePage"), "GooglePage"),
  ),
  page(
    "/auth/google-oauth/redirect",
    lazyRouteComponent(() => import("./auth/GoogleReturnPage"), "GoogleReturnPage"),
  ),
  page(
    "/auth/login-to-app",
    lazyRouteComponent(() => import("./auth/AppEntryPage"), "AppEntryPage"),
  ),
  page(
    "/new-user-flow",
    lazyRouteComponent(() => import("./auth/NewUserPage"), "NewUserPage"),
  ),
]);

/** Values of a query are JSON-like everywhere: what reads as a number or a boolean is one. */
export const makeRouter = () =>
  createRouter({
    routeTree: routes,
    parseSearch: parseParams,
    stringifySearch: formatParams,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
