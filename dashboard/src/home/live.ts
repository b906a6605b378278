/** Which environments are online, as it happens: the browser socket without an environment. No React. */
import { Connection, type ConnectionParts, type ConnectionState } from "../protocol/connection";
import { decode } from "../protocol/frame";

export interface Live {
  /** Unknown until the server has told: the answer of HTTP says nothing about it. */
  online: Readonly<Record<string, boolean>> | null;
  /** SDKs as the server has told of them since the page was opened. */
  packages: Readonly<Record<string, { name: string; version: string }>>;
  connection: ConnectionState;
}

export type LiveParts = Omit<ConnectionParts, "url" | "onState" | "onMessage"> & {
  /** `wss://host` */
  origin: string;
  sessionId: string;
  /** An SDK has sent its apps: they may be others now. */
  onConfiguration(environmentId: string): void;
};

export class LiveStatus {
  readonly connection: Connection;
  private state: Live = { online: null, packages: {}, connection: { kind: "stopped", cause: "closed" } };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly parts: LiveParts) {
    this.connection = new Connection({
      ...parts,
      url: () => `${parts.origin}/api/v1/browser/ws?sessionId=${parts.sessionId}`,
      onState: (connection) => this.become(connection.kind === "open" ? { connection } : { connection, online: null }),
      onMessage: (bytes) => this.onMessage(bytes),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): Live => this.state;

  private onMessage(bytes: ArrayBuffer): void {
    const decoded = decode(bytes);
    if (decoded.kind !== "server") return;
    const { event } = decoded;
    if (event.type === "12") this.become({ online: event.connections });
    else if (event.type === "14") this.parts.onConfiguration(event.environmentId);
    else {
      const { environmentId, isOnline, packageName, packageVersion } = event;
      const packages =
        packageName && packageVersion
          ? { ...this.state.packages, [environmentId]: { name: packageName, version: packageVersion } }
          : this.state.packages;
      this.become({ online: { ...this.state.online, [environmentId]: isOnline }, packages });
    }
  }

  private become(change: Partial<Live>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}
