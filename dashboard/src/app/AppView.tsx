import { type CSSProperties, lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { PageContext, type PageContextValue, usePageState } from "../components/hooks";
import { RenderRoot } from "../components/Render";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { usePageFocus } from "../ui/page-focus";
import { Part, retryParts } from "../ui/part";
import { MAIN, SkipLink } from "../ui/SkipLink";
import { Spinner } from "../ui/Spinner";
import { Wait } from "../ui/Wait";
import { AccessMessage, LostAccess } from "./AccessMessage";
import { AppNav } from "./AppNav";
import styles from "./app.module.css";
import { download } from "./browser";
import type { AppController, AppSnapshot } from "./controller";
import { EnvironmentAway } from "./EnvironmentAway";
import { FailurePanel } from "./FailurePanel";
import { keepFocus } from "./keep-focus";
import { StatusBanner } from "./StatusBanner";
import { ToastRegion } from "./ToastRegion";
import { useTheme } from "./useTheme";

// Not needed for the first paint.
const Dialogs = lazy(new Part(() => import("./Dialogs").then((module) => ({ default: module.Dialogs }))).load);
const StatusControl = lazy(
  new Part(() => import("./StatusControl").then((module) => ({ default: module.StatusControl }))).load,
);

/** The app page as a picture of its state. */
export function AppView({
  controller,
  state,
  environmentId,
}: {
  controller: AppController;
  state: AppSnapshot;
  environmentId: string;
}) {
  const { grant, access, status, execution, failure, blocked } = state;
  useTheme(grant?.environment.theme ?? null);
  const name = grant?.app.name || state.appRoute;
  useEffect(() => {
    document.title = name || "Compose";
  }, [name]);

  const after = useFirstPicture(state.run?.heard === true);

  // The socket is through: so is what could not be fetched meanwhile.
  const connected = status.kind === "online" || status.kind === "environment-offline";
  useEffect(() => {
    if (connected) retryParts();
  }, [connected]);

  const removed = grant !== null && !grant.environment.apps.some((app) => app.route === grant.app.route);
  const nav = grant?.environment.navs?.find((other) => other.id === grant.app.navId);
  const page = useMemo<PageContextValue | null>(
    () =>
      execution && {
        execution,
        blocked,
        toast: (message, appearance) => controller.toasts.add({ message, appearance: appearance ?? "info" }),
        download,
        unsent: () => controller.unsent,
      },
    [execution, blocked, controller],
  );

  /** The right went while the app was open. */
  const lost = "duringRun" in access && access.duringRun;
  if (access.kind !== "granted" && access.kind !== "checking" && !lost) {
    return (
      <main className={styles.alone}>
        <AccessMessage access={access} environmentId={environmentId} tryAgain={() => controller.restart()} />
      </main>
    );
  }

  return (
    <div className={styles.page} data-nav={nav ? true : undefined}>
      <SkipLink>Skip to the app</SkipLink>
      {nav && grant && (
        <AppNav nav={nav} environmentId={environmentId} companyName={grant.companyName} current={grant.app.route} />
      )}
      <main className={styles.main} id={MAIN} tabIndex={-1}>
        <PageHeading name={name} address={state.appRoute && `/app/${environmentId}/${state.appRoute}`} />
        {after && grant && !lost && (
          <Suspense>
            <StatusControl
              status={status}
              grant={grant}
              hasTheme={grant.environment.theme !== null}
              restart={() => controller.restart()}
            />
          </Suspense>
        )}
        <div className={styles.connection} data-screen-only>
          <StatusBanner
            status={status}
            hasPage={execution?.page.started === true}
            retryNow={() => controller.retryNow()}
          />
        </div>
        <div className={styles.banners} data-screen-only>
          {removed && !lost && (
            <Notice tone="warning" title="This app is no longer offered">
              <p>A newer version of its server does not have it any more. What you see is the last state.</p>
            </Notice>
          )}
          {failure && grant && !lost && (
            <FailurePanel
              failure={failure}
              facts={facts(state, environmentId)}
              restart={() => controller.restart()}
              close={() => controller.closeFailure()}
            />
          )}
        </div>
        {lost && <LostAccess access={access} again={() => void controller.tryAgain()} />}
        {!lost && page ? (
          <PageContext.Provider value={page}>
            <Area key={page.execution.executionId} state={state} controller={controller} />
            {after && (
              <Suspense>
                <Dialogs />
              </Suspense>
            )}
          </PageContext.Provider>
        ) : (
          !lost && <Wait what="Asking the server for this app…" />
        )}
      </main>
      <ToastRegion toasts={controller.toasts} />
    </div>
  );
}

/** How long the first picture is waited for (ms). */
const FIRST_PICTURE = 2_500;

/** True from when the app has shown something, or takes its time: what is not needed for it would hold it up. */
function useFirstPicture(heard: boolean): boolean {
  const [is, setIs] = useState(false);
  useEffect(() => {
    if (is) return;
    if (heard) {
      setIs(true);
      return;
    }
    const timer = setTimeout(() => setIs(true), FIRST_PICTURE);
    return () => clearTimeout(timer);
  }, [is, heard]);
  return is;
}

/** For screen readers and the order of headings; the app shows its own words. It takes the focus at each further app. */
function PageHeading({ name, address }: { name: string; address: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageFocus(heading, address);
  return (
    <h1 className="visually-hidden" ref={heading} tabIndex={-1}>
      {name}
    </h1>
  );
}

function Area({ state, controller }: { state: AppSnapshot; controller: AppController }) {
  const page = usePageState();
  const { status, run, grant, replacing } = state;
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const shown = area.current;
    if (!page.started || !shown) return;
    return keepFocus(shown);
  }, [page.started]);
  if (!page.started) {
    if (state.failure?.severity === "error") return null;
    if (status.kind === "environment-offline" && grant) return <EnvironmentAway grant={grant} />;
    const restart = <Button onPress={() => controller.restart()}>Restart the app</Button>;
    if (run?.startedAt && status.kind === "online") {
      return (
        <Wait
          key="started"
          what="The app is starting…"
          long="Still working. The app has not shown anything yet."
          actions={restart}
        />
      );
    }
    if (status.kind !== "connecting" && status.kind !== "online") return null;
    return (
      <Wait
        key="connecting"
        what="Connecting to the app’s server…"
        long="Still connecting. It is taking longer than usual."
        actions={restart}
      />
    );
  }
  const { loading, config } = page;
  const x = config.paddingX ?? "1rem";
  const y = config.paddingY ?? "4rem";
  const shape = {
    "--page-width": config.width ?? "72rem",
    "--page-gap": config.spacingY ?? "2rem",
    "--page-top": config.paddingTop ?? y,
    "--page-bottom": config.paddingBottom ?? y,
    "--page-left": config.paddingLeft ?? x,
    "--page-right": config.paddingRight ?? x,
  } as CSSProperties;
  return (
    <>
      <p className="visually-hidden" role="status">
        {loading ? loading.text : ""}
      </p>
      {loading && (
        <div className={styles.loading} aria-hidden="true" data-screen-only>
          <Spinner size="sm" />
          <span>{loading.text}</span>
        </div>
      )}
      <div
        ref={area}
        className={styles.area}
        style={shape}
        inert={replacing || loading?.disableInteraction === true}
        aria-busy={replacing || loading !== null}
      >
        {page.renderIds.map((id) => (
          <RenderRoot key={id} renderId={id} />
        ))}
      </div>
    </>
  );
}

function facts({ grant, appRoute, run }: AppSnapshot, environmentId: string): Record<string, string> {
  const environment = grant?.environment;
  return {
    app: appRoute,
    environment: `${environment?.name ?? ""} (${environmentId})`,
    sdk: `${environment?.sdkPackageName ?? "unknown"} ${environment?.sdkPackageVersion ?? ""}`.trim(),
    execution: run?.executionId ?? "",
  };
}
