// The real server with a real Postgres: `compose-relay demo` in a directory of its own.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Child } from "./process";

const BINARY = process.env.COMPOSE_RELAY_BINARY ?? resolve(import.meta.dirname, "../../../target/debug/compose-relay");

export class Relay {
  private child: Child | undefined;
  private readonly directory = mkdtempSync(join(tmpdir(), "compose-relay-e2e-"));
  private ready: Record<string, string> = {};

  constructor(private readonly settings: Record<string, string>) {
    if (!existsSync(BINARY))
      throw new Error(`${BINARY} is missing: \`cargo build\` makes it, \`./dev e2e\` does it all`);
    // Postgres may run as another account.
    chmodSync(this.directory, 0o755);
  }

  /** Starts; again on the same port and with the same data. */
  async start(): Promise<void> {
    const ready = join(this.directory, "ready");
    rmSync(ready, { force: true });
    const args = ["demo", "--listen", this.ready.COMPOSE_ADDRESS ?? "127.0.0.1:0"];
    args.push("--data-dir", join(this.directory, "data"), "--ready-file", ready);
    const { DASHBOARD_DIR, CONTENT_SECURITY_POLICY } = process.env;
    this.child = new Child("the server", BINARY, args, { DASHBOARD_DIR, CONTENT_SECURITY_POLICY, ...this.settings });
    const text = await this.child.until("the server is ready", () =>
      existsSync(ready) ? readFileSync(ready, "utf8") : "",
    );
    this.ready = Object.fromEntries(
      text
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
  }

  /** As at a deploy: sockets are told to come back. */
  async stop(): Promise<void> {
    await this.child?.end("SIGTERM");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** As at a crash: nobody is told anything. */
  async kill(): Promise<void> {
    await this.child?.end("SIGKILL");
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get log(): string {
    return this.child?.words ?? "";
  }

  private value(name: string): string {
    const value = this.ready[name];
    if (!value) throw new Error(`the server told no ${name}`);
    return value;
  }

  get address(): string {
    return this.value("COMPOSE_ADDRESS");
  }

  get origin(): string {
    return `http://${this.address}`;
  }

  get key(): string {
    return this.value("COMPOSE_API_KEY");
  }

  /** The development environment of the owner. */
  get environment(): string {
    return this.value("COMPOSE_ENVIRONMENT");
  }

  /** Works once for each start. */
  get signIn(): string {
    return this.value("COMPOSE_SIGN_IN");
  }
}
