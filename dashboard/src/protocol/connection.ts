/**
 * One socket that comes back: it says how it stands, waits with growing pauses, and follows the browser's own
 * online and offline events. Clock, socket and chance come from outside.
 */

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls `run` once after `milliseconds`; answers how to call it off. */
  after(milliseconds: number, run: () => void): () => void;
}

export interface Socket {
  send(bytes: Uint8Array): void;
  close(): void;
  /** Bytes that were given to `send` and have not left yet. */
  readonly buffered: number;
}

export interface SocketEvents {
  open(): void;
  message(bytes: ArrayBuffer): void;
  /** Once, whether or not it ever opened. 1006 when there was no close frame. */
  close(code: number): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket;

export type ConnectionState =
  | { kind: "connecting"; since: number; attempt: number }
  | { kind: "open"; since: number }
  /** `lost`: it was open. `refused`: it could not be opened. `update`: the server restarts. */
  | { kind: "waiting"; cause: "lost" | "refused" | "update"; since: number; retryAt: number }
  /** The browser has no network. */
  | { kind: "offline"; since: number }
  /** `revoked`: the right to be here is gone. `closed`: we left. */
  | { kind: "stopped"; cause: "revoked" | "closed" };

export interface ConnectionParts {
  clock: Clock;
  open: OpenSocket;
  /** 0 to 1. */
  random(): number;
  /** Whether the browser believes to have a network. */
  isOnline(): boolean;
  /** Asked at each attempt. */
  url(): string;
  onState(state: ConnectionState): void;
  onMessage(bytes: ArrayBuffer): void;
}

/** The server says: an update is under way, come back in 10 s. */
export const SERVER_UPDATE = 3782;
/** The server says: what admitted you is gone. */
export const REVOKED = 4002;

const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 60_000;
const GROWTH = 1.7;
const UPDATE_PAUSE = 10_000;
/** An attempt that takes longer is given up. */
const OPEN_LIMIT = 15_000;
/** A socket that takes nothing of what we send for so long is dead. */
const STALL_LIMIT = 20_000;
/** An opened connection that lasted so long starts the pauses afresh. */
const STEADY = 10_000;

export class Connection {
  private state: ConnectionState = { kind: "stopped", cause: "closed" };
  private socket: Socket | null = null;
  /** Grows with each socket, so that late events of an old one are known. */
  private generation = 0;
  private failures = 0;
  private stopTimer: () => void = () => {};
  private stopStallTimer: (() => void) | null = null;

  constructor(private readonly parts: ConnectionParts) {}

  start(): void {
    this.failures = 0;
    this.connect();
  }

  /** For good, or until `start`. */
  stop(): void {
    this.drop();
    this.become({ kind: "stopped", cause: "closed" });
  }

  /** Tries at once, instead of waiting on; also where the browser believes to have no network, for it may be wrong. */
  retryNow(): void {
    if (this.state.kind === "waiting" || this.state.kind === "offline") this.connect(true);
  }

  /** The browser's `online` event. */
  networkCame(): void {
    if (this.state.kind === "waiting" || this.state.kind === "offline") {
      this.failures = 0;
      this.connect();
    }
  }

  /** The browser's `offline` event: a socket would only notice after minutes. */
  networkWent(): void {
    if (this.state.kind === "stopped") return;
    this.drop();
    this.become({ kind: "offline", since: this.parts.clock.now() });
  }

  /** After a sleep of the machine: what was open is most likely dead. */
  woke(): void {
    if (this.state.kind === "stopped") return;
    this.failures = 0;
    this.connect();
  }

  /** Answers whether it was handed to an open socket. */
  send(bytes: Uint8Array): boolean {
    if (this.state.kind !== "open" || !this.socket) return false;
    this.socket.send(bytes);
    this.watchSending(this.socket.buffered);
    return true;
  }

  get buffered(): number {
    return this.socket?.buffered ?? 0;
  }

  private connect(always = false): void {
    this.drop();
    const { clock } = this.parts;
    if (!always && !this.parts.isOnline()) {
      this.become({ kind: "offline", since: clock.now() });
      return;
    }
    const generation = ++this.generation;
    const mine = (run: () => void) => () => {
      if (generation === this.generation) run();
    };
    this.become({ kind: "connecting", since: clock.now(), attempt: this.failures });
    this.stopTimer = clock.after(
      OPEN_LIMIT,
      mine(() => this.closed(1006)),
    );
    try {
      this.socket = this.parts.open(this.parts.url(), {
        open: mine(() => this.opened()),
        message: (bytes) => {
          if (generation === this.generation) this.parts.onMessage(bytes);
        },
        close: (code) => {
          if (generation === this.generation) this.closed(code);
        },
      });
    } catch {
      this.closed(1006);
    }
  }

  private opened(): void {
    this.stopTimer();
    const { clock } = this.parts;
    // A server that accepts and closes at once must not be asked every 5 s for ever.
    this.stopTimer = clock.after(STEADY, () => {
      this.failures = 0;
    });
    this.become({ kind: "open", since: clock.now() });
  }

  private closed(code: number): void {
    const wasOpen = this.state.kind === "open";
    this.drop();
    if (code === REVOKED) {
      this.become({ kind: "stopped", cause: "revoked" });
      return;
    }
    const { clock, random } = this.parts;
    if (!this.parts.isOnline()) {
      this.become({ kind: "offline", since: clock.now() });
      return;
    }
    const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** this.failures);
    const pause = code === SERVER_UPDATE ? UPDATE_PAUSE : grown;
    // Only ever later: everybody was sent away at the same moment.
    const wait = pause + random() * pause * 0.2;
    this.failures++;
    const cause = code === SERVER_UPDATE ? "update" : wasOpen ? "lost" : "refused";
    this.stopTimer = clock.after(wait, () => this.connect());
    this.become({ kind: "waiting", cause, since: clock.now(), retryAt: clock.now() + wait });
  }

  private watchSending(before: number): void {
    if (this.stopStallTimer || before === 0) return;
    this.stopStallTimer = this.parts.clock.after(STALL_LIMIT, () => {
      this.stopStallTimer = null;
      const now = this.buffered;
      if (now === 0) return;
      if (now >= before) this.closed(1006);
      else this.watchSending(now);
    });
  }

  /** Leaves the socket behind; its later events are nobody's. */
  private drop(): void {
    this.stopTimer();
    this.stopStallTimer?.();
    this.stopStallTimer = null;
    this.generation++;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private become(state: ConnectionState): void {
    this.state = state;
    this.parts.onState(state);
  }
}
