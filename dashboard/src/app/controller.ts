/**
 * One environment's app page: access, connection, the current run, what went wrong. No React and no DOM; the page
 * reads `snapshot` and calls the methods. Everything from outside comes in through `Outside`.
 */
import { ApiError, type Call } from "../api/http";
import type { App, AppStart, Environment } from "../api/types";
import type { Carried } from "../model/carried";
import { Execution } from "../model/execution";
import { type Failure, failureOf, forOutsiders } from "../model/failure";
import { linkTarget } from "../model/navigate";
import type { PageEvent } from "../model/outside";
import type { Schedule } from "../model/topics";
import type { Clock, OpenSocket } from "../protocol/connection";
import type { BrowserEvent, Params } from "../protocol/events";
import { type Run, Session, type Status } from "../protocol/session";
import { DURATIONS, Toasts } from "./toasts";

export interface Outside {
  call: Call;
  clock: Clock;
  openSocket: OpenSocket;
  origin: string;
  schedule: Schedule;
  random(): number;
  uuid(): string;
  isOnline(): boolean;
  /** The address of an app of this environment. */
  appAddress(route: string, params: Params): string;
  /** Goes there; false when the browser blocked the new tab. */
  goToApp(route: string, params: Params, newTab: boolean): boolean;
  /** Opens an address; false when the browser blocked the new tab. */
  openUrl(url: string, newTab: boolean): boolean;
  download(name: string, bytes: BlobPart): void;
}

export type Access =
  | { kind: "checking" }
  | { kind: "granted" }
  /** Nobody is signed in: before the start the entry page takes over; during a run people sign in in place. */
  | { kind: "signed-out"; duringRun: boolean }
  /** Signed in, but not for this app. */
  | { kind: "refused"; email: string | null; message: string; duringRun: boolean }
  /** No such app or environment. */
  | { kind: "unknown"; message: string }
  /** The server could not be asked. */
  | { kind: "unreachable"; message: string };

/** Immutable. */
export interface AppSnapshot {
  appRoute: string;
  access: Access;
  grant: AppStart | null;
  status: Status;
  run: Run | null;
  /** What is on the screen. */
  execution: Execution | null;
  /** A new run has begun, the one before is still shown until it says something. */
  replacing: boolean;
  failure: Failure | null;
  /** Why nothing can be sent now. */
  blocked: string | null;
}

/** How long the page of a lost run stays, while the new one says nothing. */
const REPLACE_LIMIT = 10_000;

export class AppController {
  readonly toasts = new Toasts();
  private state: AppSnapshot;
  private readonly listeners = new Set<() => void>();
  private session: Session;
  private current: Execution | null = null;
  private params: Params = {};
  private refusals = 0;
  /** The app itself is taking the person elsewhere. */
  private following = false;
  private configurationChanged = false;
  /** The other sign-in that the person has been told of. */
  private toldOf: string | null = null;
  /** Grows with each opened app: late answers of an earlier one are dropped. */
  private opening = 0;
  private stopReplacing: () => void = () => {};

  constructor(
    readonly environmentId: string,
    private readonly outside: Outside,
  ) {
    this.session = this.makeSession();
    this.state = {
      appRoute: "",
      access: { kind: "checking" },
      grant: null,
      status: { kind: "connecting", since: outside.clock.now() },
      run: null,
      execution: null,
      replacing: false,
      failure: null,
      blocked: "The app is starting.",
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): AppSnapshot => this.state;

  /** Shows an app: asks for the right, then starts it. Another app or other params begin anew. */
  async open(appRoute: string, params: Params): Promise<void> {
    const opening = ++this.opening;
    this.params = params;
    this.following = false;
    const sameApp = this.state.access.kind === "granted" && this.state.appRoute === appRoute;
    if (!sameApp) {
      this.endRun();
      this.become({ appRoute, access: { kind: "checking" }, failure: null });
      // Both at once: the socket and the right to use it.
      this.session.prepare(appRoute);
      if (!(await this.authorize(appRoute, opening, false))) return;
    }
    this.begin([], false);
  }

  /** The user wants it from the beginning, mostly because something went wrong: what was typed is kept. */
  restart(): void {
    if (this.state.access.kind !== "granted") {
      void this.open(this.state.appRoute, this.params);
      return;
    }
    const carried = this.current?.enteredInput() ?? [];
    this.begin(carried, false);
    if (carried.length > 0) this.toasts.add({ title: "Started again", message: "What you had typed has been kept." });
  }

  /** Bytes handed to the socket and not sent yet: how far an upload is. */
  get unsent(): number {
    return this.session.buffered;
  }

  retryNow(): void {
    this.session.retryNow();
  }

  /** After signing in again in another tab, or when the person believes to have the right again. */
  async tryAgain(): Promise<void> {
    const carried = this.current?.enteredInput() ?? [];
    const opening = ++this.opening;
    const { appRoute } = this.state;
    if (!(await this.authorize(appRoute, opening, this.current !== null))) return;
    // Another login is another owner of the session's id: begin with a new one.
    this.session.leave();
    this.session = this.makeSession();
    this.session.prepare(appRoute);
    this.begin(carried, this.current !== null);
  }

  /** Another tab has found somebody signed in: this page's requests are theirs from now on, its run is not. */
  signedInElsewhere(email: string | null): void {
    const user = this.state.grant?.user;
    const own = user && "email" in user ? user.email : null;
    if (email === own) this.toldOf = null;
    // That nobody is signed in any more, the socket is told.
    if (email === null || email === own || this.state.access.kind !== "granted") return;
    // Every page that is opened says it anew.
    if (email === this.toldOf) return;
    this.toldOf = email;
    this.toasts.add({
      title: "Another sign-in",
      message: `This browser is signed in as ${email} now${own ? `; this page was opened by ${own}` : ""}.`,
      appearance: "warning",
      duration: DURATIONS.infinite,
      action: { label: "Open it anew", url: this.outside.appAddress(this.state.appRoute, this.params) },
    });
  }

  /** Leaving now would lose what is in a form. Where the app itself sends people is its own decision. */
  get holdsUnsentForm(): boolean {
    return !this.following && this.current?.hasUnsentForm === true;
  }

  closeFailure(): void {
    this.become({ failure: null });
  }

  networkCame(): void {
    this.session.networkCame();
  }
  networkWent(): void {
    this.session.networkWent();
  }
  woke(): void {
    this.session.woke();
  }

  /** Leaves the environment. */
  dispose(): void {
    this.opening++;
    this.stopReplacing();
    this.current?.dispose();
    this.session.leave();
  }

  // Inside

  private makeSession(): Session {
    const { clock, openSocket, random, uuid, isOnline, origin } = this.outside;
    return new Session({
      clock,
      open: openSocket,
      random,
      uuid,
      isOnline,
      origin,
      environmentId: this.environmentId,
      onStatus: (status) => this.onStatus(status),
      onRun: (run) => this.onRun(run),
      onEvent: (event) => this.current?.receive(event),
      onGone: () => void this.onGone(),
      onConfiguration: () => void this.onConfiguration(),
      onNotSent: (event, reason) => this.onNotSent(event, reason),
      onBroken: (reason) => this.toasts.add({ message: reason, appearance: "warning" }),
    });
  }

  /** Asks for the right to an app; tells how it went in `access`. */
  private async authorize(appRoute: string, opening: number, duringRun: boolean): Promise<boolean> {
    const { call } = this.outside;
    const body = { environmentId: this.environmentId, appRoute, sessionId: this.session.sessionId };
    try {
      const grant = await call<AppStart>("POST", "/initialize-environment-and-authorize-app", body);
      if (opening !== this.opening) return false;
      this.configurationChanged = false;
      this.become({ grant, access: { kind: "granted" } });
      return true;
    } catch (error) {
      if (opening !== this.opening) return false;
      const access = await this.reasonOf(error, duringRun);
      if (opening !== this.opening) return false;
      // An unreachable server takes nothing from a page that is there.
      if (access.kind === "unreachable" && duringRun) return false;
      this.become({ access });
      if (access.kind !== "unreachable") this.session.leave();
      return false;
    }
  }

  private async reasonOf(error: unknown, duringRun: boolean): Promise<Access> {
    const { call } = this.outside;
    if (!(error instanceof ApiError)) return { kind: "unreachable", message: String(error) };
    const { status, message } = error;
    if (status === 400) return { kind: "unknown", message };
    if (status !== 401 && status !== 403) return { kind: "unreachable", message };
    try {
      await call("GET", "/auth/check");
    } catch (checked) {
      const gone = checked instanceof ApiError && (checked.status === 401 || checked.status === 400);
      return gone ? { kind: "signed-out", duringRun } : { kind: "unreachable", message };
    }
    // Signed in: say as whom, and leave the login alone.
    const home = await call<{ user: { email: string } }>("GET", "/initialize").catch(() => null);
    return { kind: "refused", email: home?.user.email ?? null, message, duringRun };
  }

  private begin(carried: readonly Carried[], keepShown: boolean): void {
    this.current?.dispose();
    const run = this.session.start(this.state.appRoute, this.params);
    const { schedule, uuid, clock } = this.outside;
    this.current = new Execution(
      run.executionId,
      {
        send: (event, uploads) => this.session.send(event, uploads),
        onPageEvent: (event) => this.onPageEvent(event),
        schedule,
        uuid,
        isSending: () => this.session.isSending,
        after: (milliseconds, then) => clock.after(milliseconds, then),
      },
      carried,
    );
    const shown = keepShown && this.state.execution !== null;
    this.become({ failure: null, execution: shown ? this.state.execution : this.current, replacing: shown, run });
    this.stopReplacing();
    // A run that says nothing must not leave a page behind that only looks alive.
    this.stopReplacing = shown ? clock.after(REPLACE_LIMIT, () => this.showCurrent()) : () => {};
  }

  private endRun(): void {
    this.current?.dispose();
    this.current = null;
    this.become({ execution: null, run: null, replacing: false });
  }

  private onRun(run: Run): void {
    this.become({ run });
    if (run.heard) this.showCurrent();
  }

  private showCurrent(): void {
    this.stopReplacing();
    if (this.state.replacing) this.become({ execution: this.current, replacing: false });
  }

  private onStatus(status: Status): void {
    this.become({ status });
    if (status.kind === "online") this.refusals = 0;
    const opening = this.opening;
    // The socket got through: so does the question that did not.
    const through = status.kind === "online" || status.kind === "environment-offline";
    if (through && this.state.access.kind === "unreachable") void this.open(this.state.appRoute, this.params);
    if (status.kind === "revoked" && this.state.access.kind === "granted") void this.onRevoked(opening);
    if (status.kind === "reconnecting" && status.refused && this.state.access.kind === "granted") {
      // The browser does not tell why; the server does, over HTTP.
      if (++this.refusals === 2) void this.askWhyRefused(opening);
    }
  }

  /** Something that admitted us is gone. Often it is not this app: then we go on. */
  private async onRevoked(opening: number): Promise<void> {
    if (await this.authorize(this.state.appRoute, opening, true)) this.session.resume();
    else if (this.state.access.kind === "granted") this.session.resume();
  }

  private async askWhyRefused(opening: number): Promise<void> {
    const allowed = await this.authorize(this.state.appRoute, opening, true);
    if (allowed) this.refusals = 0;
  }

  /** The app's server has lost the run. */
  private async onGone(): Promise<void> {
    const { opening, current: lost } = this;
    if (this.configurationChanged && !(await this.authorize(this.state.appRoute, opening, true))) return;
    // Meanwhile the person may have started it, or the app's server may have said it twice.
    if (this.current !== lost) return;
    const carried = lost?.enteredInput() ?? [];
    this.begin(carried, true);
    this.toasts.add({
      title: "Started again",
      message:
        carried.length > 0
          ? "The app’s server was restarted. What you had typed has been kept."
          : "The app’s server was restarted, and the app with it.",
      duration: DURATIONS.long,
    });
  }

  /** The SDK sent its apps: this one may be gone, its name or theme new. Members can look without starting anything. */
  private async onConfiguration(): Promise<void> {
    this.configurationChanged = true;
    const { grant } = this.state;
    if (!grant || grant.user.isExternal) return;
    const answer = await this.outside
      .call<{ environment: Environment }>("GET", `/environment/${this.environmentId}/details`)
      .catch(() => null);
    const now = this.state.grant;
    if (!answer || !now) return;
    const { apps, theme, data } = answer.environment;
    const app = apps.find((other) => other.route === now.app.route);
    this.configurationChanged = !app;
    const environment = { ...now.environment, apps, theme, navs: data?.navs ?? now.environment.navs };
    this.become({ grant: { ...now, app: app ?? now.app, environment } });
  }

  private onPageEvent(event: PageEvent): void {
    switch (event.type) {
      case "be":
        this.toasts.addFromApp(event.message, event.options);
        break;
      case "bl":
        this.outside.download(event.name, event.bytes as Uint8Array<ArrayBuffer>);
        break;
      case "bc":
        this.begin([], true);
        break;
      case "ba":
        this.follow(event.appRouteOrUrl, event.params ?? {}, event.newTab === true);
        break;
      case "au":
        this.onAppError(event.errorMessage, event.severity ?? "error");
        break;
      case "ay":
        break;
    }
  }

  private onAppError(message: string, severity: "error" | "warning" | "info"): void {
    if (severity === "info") {
      this.toasts.add({ message });
      return;
    }
    // A warning does not hide an error that is there.
    if (severity === "warning" && this.state.failure?.severity === "error") return;
    const failure = failureOf(message, severity);
    const outsider = this.state.grant?.user.isExternal === true;
    this.become({ failure: outsider ? forOutsiders(failure) : failure });
  }

  private follow(appRouteOrUrl: string, params: Params, newTab: boolean): void {
    const target = linkTarget(appRouteOrUrl);
    if (target.kind === "refused") {
      this.toasts.add({ message: target.reason, appearance: "error" });
      return;
    }
    if (target.kind === "url") {
      this.following = !newTab;
      if (!this.outside.openUrl(target.url, newTab)) this.offer(target.url);
      return;
    }
    const apps: App[] = this.state.grant?.environment.apps ?? [];
    // People from outside are not told of hidden apps: the server decides when they get there.
    if (!this.state.grant?.user.isExternal && !apps.some((app) => app.route === target.route)) {
      this.toasts.add({ message: `There is no app “${target.route}” here.`, appearance: "error" });
      return;
    }
    this.following = !newTab;
    const { appAddress, goToApp } = this.outside;
    if (!goToApp(target.route, params, newTab)) this.offer(appAddress(target.route, params));
  }

  /** The browser lets only a click of the user open a tab. */
  private offer(url: string): void {
    this.toasts.add({
      message: "The app opens another page.",
      duration: DURATIONS.infinite,
      action: { label: "Open it", url },
    });
  }

  private onNotSent(event: BrowserEvent, reason: string): void {
    this.current?.notSent(event, reason);
    this.toasts.add({ title: "Not sent", message: reason, appearance: "warning" });
  }

  private become(change: Partial<AppSnapshot>): void {
    const next = { ...this.state, ...change };
    next.blocked = blockedBy(next);
    this.state = next;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Why nothing can be sent now, for controls; null when it can. */
function blockedBy({ access, status, run, replacing }: AppSnapshot): string | null {
  if (access.kind !== "granted" && access.kind !== "checking") return "You have no access to this app right now.";
  switch (status.kind) {
    case "browser-offline":
      return "This browser is offline.";
    case "reconnecting":
      return "The connection is lost. It will be back by itself.";
    case "updating":
      return "The server is being updated.";
    case "environment-offline":
      return "The app’s server is not connected.";
    case "online":
      return run === null || run.startedAt === null || replacing ? "The app is starting." : null;
    default:
      return "The app is connecting.";
  }
}
