import { useBlocker, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { formatParams, parseParams } from "../model/params";
import { followBrowser } from "../ui/follow-browser";
import { onLogin, tellLogin } from "../ui/login-news";
import { Part } from "../ui/part";
import { AppView } from "./AppView";
import type { AppController } from "./controller";
import { makeController, takeEarly } from "./early";

const leaveDialog = new Part(() => import("./LeaveDialog").then((module) => ({ default: module.LeaveDialog })));
const LeaveDialog = lazy(leaveDialog.load);

/** `/app/<environmentId>/<appRoute>`: the deep link that people share. */
export function AppPage() {
  const { environmentId, appRoute } = useParams({ from: "/app/$environmentId/$appRoute" });
  // A socket is bound to its environment: another one is another controller.
  return <InEnvironment key={environmentId} environmentId={environmentId.toLowerCase()} appRoute={appRoute} />;
}

function InEnvironment({ environmentId, appRoute }: { environmentId: string; appRoute: string }) {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const query = formatParams(search as Record<string, unknown>);
  const [early] = useState(() => takeEarly(environmentId));
  const [{ controller, go }] = useState(() => early ?? makeController(environmentId));
  const state = useSyncExternalStore(controller.subscribe, controller.snapshot);
  useEffect(() => {
    go.to = (address) => void navigate({ to: address });
  }, [go, navigate]);

  // The same app is not opened twice.
  const open = useRef(early && { appRoute: early.appRoute, query: early.query });
  useEffect(() => {
    const { current } = open;
    open.current = null;
    if (current?.appRoute === appRoute && current.query === query) return;
    void controller.open(appRoute, parseParams(query));
  }, [controller, appRoute, query]);

  useEffect(() => follow(controller), [controller]);
  // Here before it is needed: after an update of the server its file may be gone. But after what is needed now.
  const heard = state.run?.heard === true;
  useEffect(() => {
    if (heard) void leaveDialog.load();
  }, [heard]);

  const { grant } = state;
  const email = grant && "email" in grant.user ? grant.user.email : null;
  useEffect(() => {
    if (email) tellLogin(email);
    return onLogin((other) => controller.signedInElsewhere(other));
  }, [email, controller]);

  const entering = state.access.kind === "signed-out" && !state.access.duringRun;
  useEffect(() => {
    if (!entering) return;
    const paramsString = query + location.hash;
    const entry = formatParams({ environmentId, appRoute, paramsString });
    void navigate({ to: `/auth/login-to-app${entry}`, replace: true });
  }, [entering, navigate, environmentId, appRoute, query]);

  const leaving = useBlocker({
    shouldBlockFn: () => controller.holdsUnsentForm,
    enableBeforeUnload: () => controller.holdsUnsentForm,
    withResolver: true,
  });

  return (
    <>
      <AppView controller={controller} state={state} environmentId={environmentId} />
      {leaving.status === "blocked" && (
        <Suspense>
          <LeaveDialog stay={leaving.reset} leave={leaving.proceed} />
        </Suspense>
      )}
    </>
  );
}

/** Network, sleep, leaving, coming back. */
function follow(controller: AppController): () => void {
  const stop = followBrowser(controller);
  const leave = () => controller.dispose();
  // Back from the browser's page cache: what was open is gone.
  const shown = (event: PageTransitionEvent) => {
    if (event.persisted) controller.restart();
  };
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", shown);
  return () => {
    stop();
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", shown);
    controller.dispose();
  };
}
