/**
 * Fine-grained subscription: a listener hears of one topic only, so a keystroke renders one input and not the page.
 * Changes by frames are gathered and announced once per animation frame; changes by the user at once.
 */
export type Listener = () => void;

/** Calls `run` once, soon. The browser's is an animation frame, with a timer for hidden tabs. */
export type Schedule = (run: () => void) => void;

export class Topics {
  private readonly listeners = new Map<string, Set<Listener>>();
  private waiting = new Set<string>();
  private scheduled = false;

  constructor(private readonly schedule: Schedule) {}

  subscribe(topic: string, listener: Listener): () => void {
    let set = this.listeners.get(topic);
    if (!set) {
      set = new Set();
      this.listeners.set(topic, set);
    }
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.listeners.get(topic) === set) this.listeners.delete(topic);
    };
  }

  /** Announces a change with the next frame. */
  later(topic: string): void {
    this.waiting.add(topic);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.flush());
  }

  /** Announces a change at once. */
  now(topic: string): void {
    this.waiting.delete(topic);
    this.announce(topic);
  }

  /** Announces all that waits. */
  flush(): void {
    this.scheduled = false;
    const topics = this.waiting;
    this.waiting = new Set();
    for (const topic of topics) this.announce(topic);
  }

  private announce(topic: string): void {
    for (const listener of [...(this.listeners.get(topic) ?? [])]) listener();
  }
}

/** An animation frame, or 100 ms where none comes (a hidden tab). */
export const animationFrame: Schedule = (run) => {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, 100);
};
