/** Captured traffic of the real SDKs as an execution, without a server. For tests and the page `/fixtures`. */
import { Execution } from "../model/execution";
import type { PageEvent } from "../model/outside";
import type { BrowserEvent, SdkEvent, Upload } from "../protocol/events";

export interface Frame {
  from: "sdk" | "browser" | "server";
  code: string;
  name: string;
  header: { executionId?: string };
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

/** An execution fed with all that came before a file in its run, and the first `count` SDK frames of the file. */
export function replay(name: string, count = Number.POSITIVE_INFINITY): Replay {
  const file = fixtures[name];
  if (!file) throw new Error(`no fixture "${name}"; there are ${Object.keys(fixtures).join(", ")}`);
  const made = emptyReplay();
  const run = file.frames.at(-1)?.header.executionId;
  for (const [other, { frames }] of Object.entries(fixtures)) {
    if (other === name) break;
    for (const event of sdkEvents(frames.filter((frame) => frame.header.executionId === run))) made.receive(event);
  }
  for (const event of sdkEvents(file.frames).slice(0, count)) made.receive(event);
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
    isSending: () => false,
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  return { execution, sent, uploads, pageEvents, receive: (event) => execution.receive(event) };
}

/** The SDK's frames that belong to a page, as decoded events. */
export function sdkEvents(frames: readonly Frame[]): SdkEvent[] {
  return frames
    .filter((frame) => frame.from === "sdk" && /^(?:a[u-z]|b[a-l])$/.test(frame.code))
    .map((frame) => {
      const event = { ...frame.json, type: frame.code } as unknown as SdkEvent;
      return event.type === "bl" ? { ...event, bytes: new Uint8Array(3) } : event;
    });
}
