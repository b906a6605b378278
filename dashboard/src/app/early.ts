/**
 * A page of an app begins before React is there: the socket, the right to the app and its first render are asked for while
 * the browser still reads the script that shows them.
 */
import { formatParams, parseParams } from "../model/params";
import { browserOutside } from "./browser";
import { AppController } from "./controller";

export interface Early {
  controller: AppController;
  appRoute: string;
  /** As `formatParams` writes it. */
  query: string;
  /** How the controller goes to an address of ours. */
  go: { to: (address: string) => void };
}

let begun: (Early & { environmentId: string }) | null = null;

/** Starts the app whose address this is, if it is one. Once, when the document is there. */
export function beginEarly({ pathname, search }: { pathname: string; search: string }): void {
  const [, environmentId, appRoute] = /^\/app\/([^/]+)\/([^/]+)\/?$/.exec(pathname) ?? [];
  if (environmentId === undefined || appRoute === undefined) return;
  try {
    const early = { ...makeController(decodeURIComponent(environmentId)), appRoute: decodeURIComponent(appRoute) };
    const params = parseParams(search);
    begun = { ...early, environmentId: decodeURIComponent(environmentId).toLowerCase(), query: formatParams(params) };
    void begun.controller.open(begun.appRoute, params);
  } catch {
    // No well-formed address: the page says what there is to say.
  }
}

/** What was begun for this environment; for the first one that asks. */
export function takeEarly(environmentId: string): Early | null {
  const taken = begun?.environmentId === environmentId ? begun : null;
  begun = null;
  return taken;
}

/** A controller for the app page of an environment, and how it is told to go elsewhere: at first by loading the address. */
export function makeController(environmentId: string): Pick<Early, "controller" | "go"> {
  const go = { to: (address: string) => location.assign(address) };
  const id = environmentId.toLowerCase();
  return {
    controller: new AppController(
      id,
      browserOutside(id, (address) => go.to(address)),
    ),
    go,
  };
}
