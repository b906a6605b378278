// Child processes of the harness: their words are kept, they end with us, and every wait has an end.
import { type ChildProcess, spawn } from "node:child_process";

export const PATIENCE = 60_000;

/** Waits until `what` is true; asks again every 25 ms. */
export async function until<T>(what: string, ask: () => T | Promise<T>, told = () => ""): Promise<NonNullable<T>> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s\n${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Child {
  /** Standard output and standard error, in the order in which they came. */
  words = "";
  private readonly process: ChildProcess;
  private gone = false;

  constructor(
    private readonly name: string,
    command: string,
    args: string[],
    env: Record<string, string | undefined>,
  ) {
    // Only what a program needs to run; above all no proxy.
    const { PATH, HOME, LANG } = process.env;
    this.process = spawn(command, args, { env: { PATH, HOME, LANG, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (text: Buffer) => {
      this.words += text.toString();
    };
    this.process.stdout?.on("data", keep);
    this.process.stderr?.on("data", keep);
    this.process.on("error", (error) => keep(Buffer.from(`${command}: ${error.message}\n`)));
    this.process.on("close", () => {
      this.gone = true;
    });
  }

  get ended() {
    return this.gone;
  }

  async says(words: string | RegExp): Promise<void> {
    await this.until(`${this.name} says ${words}`, () => this.words.search(words) >= 0);
  }

  /** Waits for something that this process brings about. */
  async until<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<T>> {
    return until(
      what,
      async () => {
        const found = await ask();
        if (!found && this.gone) throw new Error(`${what}: ${this.name} has ended\n${this.words}`);
        return found;
      },
      () => this.words,
    );
  }

  signal(signal: NodeJS.Signals) {
    this.process.kill(signal);
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.gone) return;
    this.process.kill(signal);
    await until(
      `${this.name} ends`,
      () => this.gone,
      () => this.words,
    );
  }
}
