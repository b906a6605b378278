import type { Clock, OpenSocket, Socket, SocketEvents } from "../protocol/connection";

/** A clock that moves when told. */
export class FakeClock implements Clock {
  private time = 1_000_000;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.time + milliseconds, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = next.at;
      next.run();
    }
    this.time = end;
  }
}

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  readonly sent: Uint8Array[] = [];
  buffered = 0;
  closed = false;

  constructor(
    readonly url: string,
    readonly events: SocketEvents,
  ) {}

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }
  close(): void {
    this.closed = true;
  }
  /** What was sent, as text. */
  get texts(): string[] {
    return this.sent.map((bytes) => new TextDecoder().decode(bytes));
  }
  /** Sends a message of ASCII or UTF-8 text to the page. */
  deliver(text: string): void {
    this.events.message(new TextEncoder().encode(text).buffer as ArrayBuffer);
  }
}

export function fakeSockets(): { open: OpenSocket; all: FakeSocket[]; last(): FakeSocket } {
  const all: FakeSocket[] = [];
  return {
    all,
    open: (url, events) => {
      const socket = new FakeSocket(url, events);
      all.push(socket);
      return socket;
    },
    last: () => {
      const socket = all.at(-1);
      if (!socket) throw new Error("no socket was opened");
      return socket;
    },
  };
}
