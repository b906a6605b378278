/**
 * A page's session with one environment: is the app's server there, is the run still alive, what is sent in which
 * order. No React, no DOM: clock, socket and ids come from outside.
 */
import { type Clock, Connection, type ConnectionState, type OpenSocket } from "./connection";
import type { BrowserEvent, Params, SdkEvent, ServerEvent, Upload } from "./events";
import { type Address, decode, encode, encodeUpload, headerForm } from "./frame";

/** What the page tells its user. `since` in milliseconds of the clock. */
export type Status =
  | { kind: "connecting"; since: number }
  | { kind: "browser-offline"; since: number }
  /** `refused`: the server could not be reached or said no; somebody should ask it over HTTP why. */
  | { kind: "reconnecting"; since: number; retryAt: number | null; refused: boolean }
  | { kind: "updating"; since: number; retryAt: number | null }
  | { kind: "environment-offline"; since: number; wasOnline: boolean }
  | { kind: "online"; since: number }
  | { kind: "revoked" }
  | { kind: "closed" };

export interface Run {
  executionId: string;
  appRoute: string;
  params: Params;
  /** When START was sent; null while it waits for the environment. */
  startedAt: number | null;
  /** Whether anything has come for it. */
  heard: boolean;
}

export interface SessionParts {
  clock: Clock;
  open: OpenSocket;
  random(): number;
  uuid(): string;
  isOnline(): boolean;
  /** `wss://host`, without a slash at the end. */
  origin: string;
  environmentId: string;
  onStatus(status: Status): void;
  onRun(run: Run): void;
  /** An event of the current run. */
  onEvent(event: SdkEvent): void;
  /** The app's server has lost the run (or the server its right): start anew. */
  onGone(): void;
  /** An SDK has sent its configuration. */
  onConfiguration(): void;
  /** Something was not sent; `reason` is for people. */
  onNotSent(event: BrowserEvent, reason: string): void;
  /** A frame could not be read. */
  onBroken(reason: string): void;
}

/** After a 3782 the app's server comes back a little later than we do: no outage yet. */
const UPDATE_GRACE = 25_000;

export class Session {
  readonly sessionId: string;
  private readonly connection: Connection;
  private environmentOnline: boolean | null = null;
  private wasOnline = false;
  private packageVersion: string | null = null;
  private run: Run | null = null;
  private preparedRoute = "";
  /** To be checked when the environment is there: something may have been lost. */
  private mustCheck = false;
  private updatingSince: number | null = null;
  private environmentChangedAt = 0;
  private socketState: ConnectionState = { kind: "stopped", cause: "closed" };
  private lostSince: number | null = null;
  private everOpen = false;
  private stopGrace: () => void = () => {};
  /** Modals that the user closed while nothing could be sent: their handlers wait for it. */
  private heldCloses: { event: BrowserEvent; executionId: string }[] = [];
  /** Keeps order: an event waits until the files before it are read. */
  private outgoing: Promise<void> = Promise.resolve();
  private filesWaiting = 0;

  constructor(private readonly parts: SessionParts) {
    this.sessionId = parts.uuid();
    this.connection = new Connection({
      clock: parts.clock,
      open: parts.open,
      random: parts.random,
      isOnline: parts.isOnline,
      url: () => this.url(),
      onState: (state) => this.onSocket(state),
      onMessage: (bytes) => this.onMessage(bytes),
    });
  }

  get status(): Status {
    return this.statusOf(this.socketState);
  }

  private statusOf(state: ConnectionState): Status {
    const updating = this.updatingSince;
    switch (state.kind) {
      case "stopped":
        return state.cause === "revoked" ? { kind: "revoked" } : { kind: "closed" };
      case "offline":
        return { kind: "browser-offline", since: state.since };
      case "waiting":
      case "connecting": {
        const retryAt = state.kind === "waiting" ? state.retryAt : null;
        const since = this.lostSince ?? state.since;
        if (updating !== null) return { kind: "updating", since: updating, retryAt };
        const failed = state.kind === "waiting" || state.attempt > 0;
        if (!this.everOpen && !failed) return { kind: "connecting", since };
        return { kind: "reconnecting", since, retryAt, refused: state.kind === "waiting" && state.cause === "refused" };
      }
      case "open":
        if (this.environmentOnline) return { kind: "online", since: this.environmentChangedAt };
        if (updating !== null) return { kind: "updating", since: updating, retryAt: null };
        if (this.environmentOnline === null) return { kind: "connecting", since: state.since };
        return { kind: "environment-offline", since: this.environmentChangedAt, wasOnline: this.wasOnline };
    }
  }

  get currentRun(): Run | null {
    return this.run;
  }

  /** Bytes that still wait to leave, for a mark of progress. */
  get buffered(): number {
    return this.connection.buffered;
  }

  /** True while files or other bytes still wait to leave: no answer can be expected yet. */
  get isSending(): boolean {
    return this.filesWaiting > 0 || this.connection.buffered > 0;
  }

  /** Connects for an app before it is known whether it may be started. */
  prepare(appRoute: string): void {
    this.run = null;
    this.preparedRoute = appRoute;
    if (this.socketState.kind === "stopped") this.connection.start();
  }

  /** Begins a run of an app; as soon as its environment is there. */
  start(appRoute: string, params: Params): Run {
    this.run = { executionId: this.parts.uuid(), appRoute, params, startedAt: null, heard: false };
    this.mustCheck = false;
    this.parts.onRun(this.run);
    if (this.socketState.kind === "stopped") this.connection.start();
    this.sendStart();
    return this.run;
  }

  /** The same app with the same params, from the beginning. */
  restart(): Run | null {
    return this.run && this.start(this.run.appRoute, this.run.params);
  }

  /** Connects again after `revoked`, when the page has the right again. */
  resume(): void {
    if (this.socketState.kind === "stopped") this.connection.start();
  }

  retryNow(): void {
    this.connection.retryNow();
  }
  networkCame(): void {
    this.connection.networkCame();
  }
  networkWent(): void {
    this.connection.networkWent();
  }
  woke(): void {
    this.connection.woke();
  }

  /** Sends an event of the current run, its files first. What cannot be sent is told, never queued; but for a closed modal. */
  send(event: BrowserEvent, uploads: Upload[] = []): void {
    const run = this.run;
    if (!run || run.startedAt === null) {
      this.parts.onNotSent(event, "The app has not started yet.");
      return;
    }
    if (uploads.length === 0 && this.filesWaiting === 0) {
      this.sendNow(event, run);
      return;
    }
    this.filesWaiting++;
    this.outgoing = this.outgoing
      .then(() => this.sendWithFiles(event, uploads, run))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        this.parts.onNotSent(event, `A file could not be read: ${why}`);
      })
      .finally(() => {
        this.filesWaiting--;
      });
  }

  /** Leaves the app: the SDK may forget the run. */
  leave(): void {
    if (this.run && this.run.startedAt !== null && this.status.kind === "online") {
      this.connection.send(encode({ type: "ak", sessionId: this.sessionId }, this.address(this.run)));
    }
    this.run = null;
    this.stopGrace();
    this.connection.stop();
  }

  private get hasStarted(): boolean {
    return this.run !== null && this.run.startedAt !== null;
  }

  private async sendWithFiles(event: BrowserEvent, uploads: Upload[], run: Run): Promise<void> {
    const files: { fileId: string; bytes: Uint8Array }[] = [];
    for (const { fileId, file } of uploads) files.push({ fileId, bytes: new Uint8Array(await file.arrayBuffer()) });
    if (run.executionId !== this.run?.executionId) return;
    for (const { fileId, bytes } of files) {
      if (this.status.kind !== "online" || !this.connection.send(encodeUpload(fileId, bytes, this.address(run)))) {
        this.parts.onNotSent(event, "The connection was lost before the files were sent.");
        return;
      }
    }
    this.sendNow(event, run);
  }

  private sendNow(event: BrowserEvent, run: Run): void {
    const sent = this.status.kind === "online" && this.connection.send(encode(event, this.address(run)));
    if (sent) return;
    if (event.type === "al") this.heldCloses.push({ event, executionId: run.executionId });
    else this.parts.onNotSent(event, "There is no connection to the app right now.");
  }

  private address(run: Run): Address {
    return {
      environmentId: this.parts.environmentId,
      executionId: run.executionId,
      form: headerForm(this.packageVersion),
    };
  }

  private url(): string {
    const query = new URLSearchParams({
      sessionId: this.sessionId,
      environmentId: this.parts.environmentId,
      appRoute: this.run?.appRoute ?? this.preparedRoute,
    });
    if (this.run && this.run.startedAt !== null) query.set("executionId", this.run.executionId);
    return `${this.parts.origin}/api/v1/browser/ws?${query}`;
  }

  private sendStart(): void {
    const run = this.run;
    if (!run || run.startedAt !== null || this.status.kind !== "online") return;
    const { appRoute, params } = run;
    const event: BrowserEvent = { type: "aa", appRoute, sessionId: this.sessionId, params };
    if (!this.connection.send(encode(event, this.address(run)))) return;
    this.run = { ...run, startedAt: this.parts.clock.now() };
    this.parts.onRun(this.run);
  }

  private onSocket(state: ConnectionState): void {
    const wasOpen = this.socketState.kind === "open";
    this.socketState = state;
    if (state.kind === "open") {
      this.everOpen = true;
      this.lostSince = null;
    } else {
      this.lostSince ??= this.parts.clock.now();
      this.environmentOnline = null;
      if (wasOpen && this.hasStarted) this.mustCheck = true;
    }
    if (state.kind === "waiting" && state.cause === "update") this.noteUpdate();
    this.parts.onStatus(this.status);
  }

  private noteUpdate(): void {
    this.updatingSince = this.parts.clock.now();
    this.stopGrace();
    this.stopGrace = this.parts.clock.after(UPDATE_GRACE, () => {
      this.updatingSince = null;
      this.parts.onStatus(this.status);
    });
  }

  private onMessage(bytes: ArrayBuffer): void {
    const decoded = decode(bytes);
    switch (decoded.kind) {
      case "server":
        this.onServer(decoded.event);
        break;
      case "sdk":
        this.onSdk(decoded.sessionId, decoded.executionId, decoded.event);
        break;
      case "broken":
        this.parts.onBroken(`A message of the app could not be read (${decoded.reason}).`);
        break;
      case "unknown":
        break;
    }
  }

  private onServer(event: ServerEvent): void {
    if (event.type === "12") return;
    if (event.environmentId.toLowerCase() !== this.parts.environmentId.toLowerCase()) return;
    if (event.type === "14") {
      this.parts.onConfiguration();
      return;
    }
    if (event.packageVersion) this.packageVersion = event.packageVersion;
    if (this.environmentOnline !== event.isOnline) this.environmentChangedAt = this.parts.clock.now();
    const came = event.isOnline && this.environmentOnline !== true;
    this.environmentOnline = event.isOnline;
    if (event.isOnline) {
      this.wasOnline = true;
      this.updatingSince = null;
      this.stopGrace();
    } else if (this.hasStarted) {
      this.mustCheck = true;
    }
    this.parts.onStatus(this.status);
    if (!came) return;
    this.sendStart();
    if (this.mustCheck && this.run && this.run.startedAt !== null) {
      // Only "no" is ever answered: silence means that the run is alive, so nobody waits for it.
      this.mustCheck = false;
      this.connection.send(encode({ type: "ae", sessionId: this.sessionId }, this.address(this.run)));
    }
    this.sendHeldCloses();
  }

  private sendHeldCloses(): void {
    const held = this.heldCloses;
    this.heldCloses = [];
    for (const { event, executionId } of held) {
      if (this.run && executionId === this.run.executionId) this.sendNow(event, this.run);
    }
  }

  private onSdk(sessionId: string, executionId: string, event: SdkEvent): void {
    const run = this.run;
    if (!run || sessionId !== this.sessionId || executionId !== run.executionId) return;
    if (event.type === "ay") {
      if (!event.exists) this.parts.onGone();
      return;
    }
    if (!run.heard) {
      this.run = { ...run, heard: true };
      this.parts.onRun(this.run);
    }
    try {
      this.parts.onEvent(event);
    } catch (error) {
      // A body of an unexpected shape costs this one event.
      this.parts.onBroken(`A message of the app could not be used (${event.type}: ${String(error)}).`);
    }
  }
}
