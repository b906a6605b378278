/** Captured traffic of the real SDKs as an execution, without a server. For tests and the page `/fixtures`. */
import { Execution, type PageEvent } from "../model/execution";
import type { BrowserEvent, SdkEvent, Upload } from "../protocol/events";

export interface Frame {
  from: "sdk" | "browser" | "server";
  code: string;
  name: string;
  json: Record<string, unknown> & { type: string };
}
export interface FixtureFile {
  sdk: string;
  note: string;
  frames: Frame[];
}

const files = import.meta.glob<FixtureFile>("../../fixtures/frames/*.json", { eager: true, import: "default" });

/** By name: "01-display", "node-tables", … */
export const fixtures: Record<string, FixtureFile> = Object.fromEntries(
  Object.entries(files).map(([path, file]) => [path.replace(/^.*\/|\.json$/g, ""), file]),
);

export interface Replay {
  execution: Execution;
  /** What the page would have sent. */
  sent: BrowserEvent[];
  uploads: Upload[];
  pageEvents: PageEvent[];
  /** Feeds one event as if the SDK had sent it. */
  receive(event: SdkEvent): void;
}

/** An execution fed with the SDK's frames of a file, the first `count` of them. */
export function replay(name: string, count = Number.POSITIVE_INFINITY): Replay {
  const file = fixtures[name];
  if (!file) throw new Error(`no fixture "${name}"; there are ${Object.keys(fixtures).join(", ")}`);
  const made = emptyReplay();
  let fed = 0;
  for (const event of sdkEvents(file)) {
    if (fed++ >= count) break;
    made.receive(event);
  }
  return made;
}

/** An execution with nothing in it, for hand-made events. */
export function emptyReplay(): Replay {
  const sent: BrowserEvent[] = [];
  const uploads: Upload[] = [];
  const pageEvents: PageEvent[] = [];
  const execution = new Execution(crypto.randomUUID(), {
    send: (event, files = []) => {
      uploads.push(...files);
      sent.push(event);
    },
    onPageEvent: (event) => pageEvents.push(event),
    schedule: (run) => run(),
    uuid: () => crypto.randomUUID(),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  return { execution, sent, uploads, pageEvents, receive: (event) => execution.receive(event) };
}

/** The SDK's frames of a file that belong to a page, as decoded events. */
export function sdkEvents(file: FixtureFile): SdkEvent[] {
  return file.frames
    .filter((frame) => frame.from === "sdk" && /^(?:a[u-z]|b[a-k])$/.test(frame.code))
    .map((frame) => frame.json as unknown as SdkEvent);
}
