/** What waits for the app. Every wait has an end. */
import type { Outside } from "./outside";
import { topic } from "./topic";
import type { Topics } from "./topics";

/** How long a submit or a table page may stay without an answer before the page says so. */
export const ANSWER_LIMIT = 30_000;
/** How often such a wait looks whether files are still on their way. */
const ANSWER_STEP = 5_000;
/** A click has no answer of its own: its mark ends at any sign of life, or after this long. */
export const CLICK_MARK = 10_000;

const key = (renderId: string, id: string) => `${renderId} ${id}`;

/** Waits for an answer, one for each form or table. */
export class Waits {
  private readonly waiting = new Map<string, () => void>();

  constructor(private readonly outside: Pick<Outside, "after" | "isSending">) {}

  has(renderId: string, id: string): boolean {
    return this.waiting.has(key(renderId, id));
  }

  /** Calls `run` when there was no answer for 30 s, not counting the time in which large files were still leaving. */
  start(renderId: string, id: string, run: () => void): void {
    this.end(renderId, id);
    const name = key(renderId, id);
    const look = (quiet: number) => {
      const stop = this.outside.after(ANSWER_STEP, () => {
        const now = this.outside.isSending() ? 0 : quiet + ANSWER_STEP;
        if (now < ANSWER_LIMIT) return look(now);
        this.waiting.delete(name);
        run();
      });
      this.waiting.set(name, stop);
    };
    look(0);
  }

  end(renderId: string, id: string): void {
    this.waiting.get(key(renderId, id))?.();
    this.waiting.delete(key(renderId, id));
  }

  endAll(): void {
    for (const stop of this.waiting.values()) stop();
    this.waiting.clear();
  }
}

/** Marks on what was clicked, from the click until any sign of life. */
export class ClickMarks {
  private readonly ends = new Map<string, () => void>();

  constructor(
    private readonly topics: Topics,
    private readonly outside: Pick<Outside, "after">,
  ) {}

  has(renderId: string, id: string): boolean {
    return this.ends.has(key(renderId, id));
  }

  set(renderId: string, id: string): void {
    const name = key(renderId, id);
    this.ends.get(name)?.();
    const end = () => {
      stop();
      this.ends.delete(name);
      this.topics.later(topic.pending(renderId, id));
    };
    const stop = this.outside.after(CLICK_MARK, end);
    this.ends.set(name, end);
    this.topics.now(topic.pending(renderId, id));
  }

  end(renderId: string, id: string): void {
    this.ends.get(key(renderId, id))?.();
  }

  endAll(): void {
    for (const end of [...this.ends.values()]) end();
  }
}
