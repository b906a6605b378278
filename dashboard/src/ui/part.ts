/**
 * A part of the dashboard whose code is fetched when it is first needed. While it cannot be fetched it is tried again and
 * again: nothing that is on the page goes away for it, and nobody has to reload.
 */

/** `outdated`: the server has a newer dashboard, which may not have this part any more. */
export type PartState = "loading" | "away" | "outdated";

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;
/** How long the server may take to say which dashboard it has. */
const ASK_LIMIT = 10_000;

/** Those that wait for their next attempt. */
const waiting = new Set<() => void>();

/** Fetches at once what could not be fetched before: the server is there again. */
export function retryParts(): void {
  for (const now of [...waiting]) now();
}

export class Part<T> {
  private state: PartState = "loading";
  private readonly listeners = new Set<() => void>();
  private loaded: Promise<T> | null = null;

  constructor(private readonly fetchCode: () => Promise<T>) {}

  /** The part, as soon as it can be had. Rejects only when its code was fetched and fails. */
  readonly load = (): Promise<T> => {
    this.loaded ??= this.persist();
    return this.loaded;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): PartState => this.state;

  private async persist(): Promise<T> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.fetchCode();
      } catch (error) {
        if (!isUnfetched(error)) throw error;
      }
      this.become((await isOutdated()) ? "outdated" : "away");
      await nextAttempt(pause);
    }
  }

  private become(state: PartState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}

/** After `pause` milliseconds, or sooner when something says that it may work now. */
function nextAttempt(pause: number): Promise<void> {
  return new Promise((resolve) => {
    const now = () => {
      clearTimeout(timer);
      waiting.delete(now);
      window.removeEventListener("online", now);
      resolve();
    };
    const timer = setTimeout(now, pause);
    waiting.add(now);
    window.addEventListener("online", now);
  });
}

/** In the words of Chromium, Firefox and Safari. */
function isUnfetched(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|importing a module script/i.test(error.message);
}

/** Whether the server has another dashboard than the one that is open here. */
async function isOutdated(): Promise<boolean> {
  const entry = document.querySelector('script[type="module"][src]')?.getAttribute("src");
  if (!entry) return false;
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(ASK_LIMIT) });
    const page = await answer.text();
    // What is no dashboard at all is a proxy on the way.
    return answer.ok && page.includes('id="root"') && !page.includes(entry);
  } catch {
    return false;
  }
}
