/** Frames as bytes (relay-protocol 4): what a message says, and how one is written. Synchronous, so order is kept. */
import type { BrowserEvent, SdkEvent, ServerEvent } from "./events";

/** Older twins of today's codes, with `executionId` inside the JSON. */
const OLDER: Record<string, string> = {
  aa: "au",
  ac: "av",
  ad: "aw",
  af: "ax",
  ag: "ay",
  ah: "az",
  ai: "bl",
  aj: "ba",
  ak: "bb",
  al: "bc",
  am: "bd",
  an: "be",
  ao: "bf",
  ap: "bg",
  aq: "bh",
  ar: "bi",
  as: "bj",
  at: "bk",
};
const CURRENT = new Set(Object.values(OLDER));
const SERVER = new Set(["11", "12", "14"]);

const ID = 36;
const CODE = 2;

export type Decoded =
  | { kind: "sdk"; sessionId: string; executionId: string; event: SdkEvent }
  | { kind: "server"; event: ServerEvent }
  /** Nothing for this page: a code that nobody knows. */
  | { kind: "unknown"; code: string }
  /** The body cannot be read. `reason` is for people. */
  | { kind: "broken"; code: string; reason: string };

/** Reads one message. Never throws. */
export function decode(message: ArrayBuffer): Decoded {
  const bytes = new Uint8Array(message);
  const code = ascii(bytes, 0, CODE);
  try {
    if (SERVER.has(code)) {
      const body = json(bytes, code === "12" ? CODE : CODE + ID);
      return { kind: "server", event: { ...body, type: code } as unknown as ServerEvent };
    }
    const current = CURRENT.has(code);
    const type = current ? code : OLDER[code];
    if (type === undefined) return { kind: "unknown", code };
    const sessionId = ascii(bytes, CODE, ID).toLowerCase();
    const body = CODE + ID + (current ? ID : 0);
    if (type === "bl") {
      const { metadata, file } = download(bytes, body);
      const executionId = current ? ascii(bytes, CODE + ID, ID) : String(metadata.executionId);
      const event: SdkEvent = { type, name: String(metadata.name ?? "download"), id: String(metadata.id), bytes: file };
      return { kind: "sdk", sessionId, executionId: executionId.toLowerCase(), event };
    }
    const parsed = json(bytes, body);
    const executionId = current ? ascii(bytes, CODE + ID, ID) : String(parsed.executionId);
    return {
      kind: "sdk",
      sessionId,
      executionId: executionId.toLowerCase(),
      event: { ...parsed, type } as unknown as SdkEvent,
    };
  } catch (error) {
    return { kind: "broken", code, reason: error instanceof Error ? error.message : String(error) };
  }
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function json(bytes: Uint8Array, at: number): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at)));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("the body is no object");
  return value as Record<string, unknown>;
}

/** Metadata with its length before it, then the file. */
function download(bytes: Uint8Array, at: number): { metadata: Record<string, unknown>; file: Uint8Array } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
  const start = at + 4;
  let end = start + length;
  let metadata: Record<string, unknown>;
  try {
    metadata = json(bytes.subarray(0, end), start);
  } catch {
    // SDKs count characters, not bytes: with a name like "résumé" the length is too small. The object tells its end.
    end = objectEnd(bytes, start);
    metadata = json(bytes.subarray(0, end), start);
  }
  return { metadata, file: bytes.slice(end) };
}

/** Where the JSON object that begins at `start` ends. */
function objectEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  let inText = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  throw new Error("the file's description does not end");
}
const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

/** `short`: the header that SDKs before 0.25.8 read. */
export type HeaderForm = "full" | "short";

/** Which header an SDK reads. Unknown packages and versions: today's. */
export function headerForm(packageVersion: string | null | undefined): HeaderForm {
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(packageVersion ?? "");
  if (!parts) return "full";
  const [major, minor, patch] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
  const old = major === 0 && (minor < 25 || (minor === 25 && patch < 8));
  return old ? "short" : "full";
}

export interface Address {
  environmentId: string;
  executionId: string;
  form: HeaderForm;
}

/** An event with its header. */
export function encode(event: BrowserEvent, { environmentId, executionId, form }: Address): Uint8Array {
  const { type, ...rest } = event;
  const body = new TextEncoder().encode(JSON.stringify({ type, ...rest, executionId }));
  return joined([type + environmentId + (form === "full" ? executionId : "")], body);
}

/** The bytes of a file, to be sent before the event that names it. */
export function encodeUpload(fileId: string, file: Uint8Array, { environmentId, executionId }: Address): Uint8Array {
  return joined([`ad${environmentId}${executionId}${fileId}`], file);
}

function joined([header = ""]: string[], body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(header);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}
