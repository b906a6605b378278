/** Toasts of a page: a small list that anybody may add to. They outlive a restart of the app. */
import { plainText } from "../model/table/plain";
import type { ToastOptions } from "../protocol/events";

export interface Toast {
  id: number;
  title: string | null;
  message: string;
  appearance: "info" | "success" | "warning" | "error";
  /** Milliseconds on the screen; null until it is dismissed. */
  duration: number | null;
  /** A link that only a click of the user may open. */
  action?: { label: string; url: string };
}

/** As the model has them (CM 13.3). */
export const DURATIONS = {
  shortest: 1_500,
  short: 3_000,
  medium: 5_000,
  long: 10_000,
  longest: 20_000,
  infinite: null,
} as const;

const APPEARANCES: readonly Toast["appearance"][] = ["info", "success", "warning", "error"];

/** More would cover the page; the oldest go. */
const MOST = 5;

export class Toasts {
  private list: readonly Toast[] = [];
  private next = 1;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): readonly Toast[] => this.list;

  add(toast: Partial<Omit<Toast, "id">> & { message: string }): void {
    const whole: Toast = { title: null, appearance: "info", duration: DURATIONS.medium, ...toast, id: this.next++ };
    this.become([...this.list, whole].slice(-MOST));
  }

  /** One that an app sent. */
  addFromApp(message: string, options: ToastOptions | null | undefined): void {
    const { title, appearance, duration } = options ?? {};
    // What an app sends need not be what its types say.
    this.add({
      message: plainText(message),
      title: title ? plainText(title) : null,
      appearance: appearance && APPEARANCES.includes(appearance) ? appearance : "info",
      duration: duration && Object.hasOwn(DURATIONS, duration) ? DURATIONS[duration] : DURATIONS.medium,
    });
  }

  dismiss(id: number): void {
    this.become(this.list.filter((toast) => toast.id !== id));
  }

  private become(list: readonly Toast[]): void {
    this.list = list;
    for (const listener of [...this.listeners]) listener();
  }
}
