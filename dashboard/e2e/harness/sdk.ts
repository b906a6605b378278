// The team's program: a Python with the published SDK, and one of the apps in `e2e/apps/`. An app says what its handlers
// got in lines that begin with `REPORT `.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Child } from "./process";

const PYTHON = process.env.COMPOSE_TEST_PYTHON ?? resolve(import.meta.dirname, "../../../.dev/venv/bin/python");

export interface Report {
  what: string;
  value: unknown;
}

export class Sdk {
  private child: Child | undefined;

  constructor(
    private readonly app: string,
    private readonly address: string,
    private readonly key: string,
    private readonly settings: Record<string, string> = {},
  ) {
    if (!existsSync(PYTHON)) throw new Error(`${PYTHON} is missing: \`./dev e2e\` makes it`);
  }

  /** Starts the program, anew when it has ended, and waits until it is connected. */
  async start(): Promise<void> {
    const app = resolve(import.meta.dirname, "../apps", this.app);
    this.child = new Child(this.app, PYTHON, ["-u", app], {
      COMPOSE_API_KEY: this.key,
      COMPOSE_ADDRESS: this.address,
      PYTHONIOENCODING: "utf-8",
      NO_PROXY: "*",
      ...this.settings,
    });
    await this.child.says(/connected/i);
  }

  /** Does what takes the server away and brings it back; waits until the program, which went on, is connected again. */
  async connectedAgain(after: () => Promise<void>): Promise<void> {
    const child = this.child;
    if (!child) throw new Error("the program was not started");
    const before = this.connections;
    await after();
    await child.until("the SDK is connected again", () => this.connections > before);
  }

  private get connections(): number {
    return this.words.match(/connected to/gi)?.length ?? 0;
  }

  async stop(): Promise<void> {
    await this.child?.end("SIGKILL");
  }

  get words(): string {
    return this.child?.words ?? "";
  }

  /** All that the handlers of this run have got. */
  get reports(): Report[] {
    const lines = this.words.split("\n").filter((line) => line.startsWith("REPORT ") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line.slice("REPORT ".length)));
  }

  /** Waits for a report and gives its value, the last one when there are several. `from`: how many reports to overlook. */
  async report(what: string, from = 0): Promise<unknown> {
    const child = this.child;
    if (!child) throw new Error("the program was not started");
    const found = await child.until(`a report of ${what}`, () =>
      this.reports.slice(from).findLast((report) => report.what === what),
    );
    return found.value;
  }
}
