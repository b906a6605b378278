import { Link } from "@tanstack/react-router";
import { useId } from "react";
import type { App, Environment, Share } from "../api/types";
import { Copy } from "../ui/Copy";
import { ConnectGuide } from "./ConnectGuide";
import { matches } from "./HomePage";
import styles from "./home.module.css";

/** An environment with its apps. `online` null: not known yet. */
export function EnvironmentCard({
  environment,
  online,
  sdk,
  isOwn,
  words,
}: {
  environment: Environment;
  online: boolean | null;
  sdk: { name: string; version: string } | null;
  isOwn: boolean;
  words: string;
}) {
  const heading = useId();
  const found = environment.apps.filter((app) => matches(app, words));
  const open = found.filter((app) => !app.hidden).sort(byName);
  const hidden = found.filter((app) => app.hidden).sort(byName);
  if (words !== "" && found.length === 0) return null;
  return (
    <section className={styles.environment} aria-labelledby={heading}>
      <div className={styles.environmentHead}>
        <h2 className={styles.name} id={heading}>
          {environment.name}
        </h2>
        {environment.name.toLowerCase() !== environment.type && (
          <span className={styles.kind}>{environment.type === "development" ? "Development" : "Production"}</span>
        )}
        <span className={styles.state} data-online={online ?? undefined} role="status">
          {online === null ? "Checking…" : online ? "Online" : "Offline"}
        </span>
        {sdk && (
          <span className={styles.sdk}>
            {sdk.name} {sdk.version}
          </span>
        )}
      </div>
      {open.length > 0 && <Apps apps={open} environment={environment} online={online} />}
      {environment.apps.length === 0 && (
        <p className={styles.none}>
          {isOwn
            ? "No apps yet. Connect a program with your key, and they appear here."
            : "No apps yet. They appear here when a program with this environment’s key connects."}
        </p>
      )}
      {hidden.length > 0 && (
        <details className={styles.more} open={words !== "" || undefined}>
          <summary>
            {hidden.length} hidden {hidden.length === 1 ? "app" : "apps"}
          </summary>
          <Apps apps={hidden} environment={environment} online={online} />
        </details>
      )}
      {isOwn && words === "" && <ConnectGuide apiKey={environment.key ?? null} open={environment.apps.length === 0} />}
    </section>
  );
}

const byName = (a: App, b: App) => (a.name || a.route).localeCompare(b.name || b.route);

function Apps({ apps, environment, online }: { apps: App[]; environment: Environment; online: boolean | null }) {
  return (
    <ul className={styles.apps}>
      {apps.map((app) => (
        <li key={app.route} className={styles.app} data-online={online ?? undefined}>
          <Link
            className={styles.open}
            data-app
            to="/app/$environmentId/$appRoute"
            params={{ environmentId: environment.id, appRoute: app.route }}
          >
            {app.name || app.route}
          </Link>
          {app.description && <p className={styles.description}>{app.description}</p>}
          <div className={styles.appFoot}>
            <span className={styles.marks}>{marks(app, environment.externalAppUsers)}</span>
            <span className={styles.copy}>
              <Copy
                appearance="plain"
                label="Copy link"
                text={`${location.origin}/app/${environment.id}/${encodeURIComponent(app.route)}`}
              />
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

const INHERITED = "INHERIT_PERMISSIONS_FROM_APP:::";

/** Who else may open it, in words. */
function marks(app: App, shares: readonly Share[]): string {
  const own = shares.filter((share) => share.appRoute === app.route);
  const parent = own.find((share) => share.email.startsWith(INHERITED));
  const people = own.filter((share) => share.email !== "ALL" && !share.email.startsWith(INHERITED)).length;
  return [
    own.some((share) => share.email === "ALL") ? "Public" : null,
    people > 0 ? `Shared with ${people} outside` : null,
    parent ? `Same access as ${parent.email.slice(INHERITED.length)}` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}
