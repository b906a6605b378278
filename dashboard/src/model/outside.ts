/** What a run needs from the page that it is in. */
import type { BrowserEvent, SdkEvent, Upload } from "../protocol/events";
import type { Schedule } from "./topics";

export interface Outside {
  /** Sends an event; the bytes of `uploads` go before it. */
  send(event: BrowserEvent, uploads?: Upload[]): void;
  /** Toasts, downloads, links and restarts belong to the page, not to the run. */
  onPageEvent(event: PageEvent): void;
  schedule: Schedule;
  /** A random UUID. */
  uuid(): string;
  /** True while what was sent has not left yet, as with large files: nobody can have answered it. */
  isSending(): boolean;
  /** Calls `run` after `milliseconds`; answers how to call it off. */
  after(milliseconds: number, run: () => void): () => void;
}

export type PageEvent = Extract<SdkEvent, { type: "au" | "be" | "bl" | "ba" | "bc" | "ay" }>;
