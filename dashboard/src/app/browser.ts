/** The real outside of the app page: this browser. */
import { call } from "../api/http";
import { formatParams } from "../model/params";
import { animationFrame } from "../model/topics";
import type { Clock, OpenSocket } from "../protocol/connection";
import type { Outside } from "./controller";

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export const openBrowserSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url);
  // Not blobs: those are read asynchronously, and small frames would overtake large ones.
  socket.binaryType = "arraybuffer";
  socket.onopen = () => events.open();
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) events.message(data);
  };
  socket.onclose = ({ code }) => events.close(code);
  return {
    send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
    close: () => socket.close(),
    get buffered() {
      return socket.bufferedAmount;
    },
  };
};

export const socketOrigin = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;

/** A random UUID; also without TLS, where browsers hide `randomUUID`. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Saves bytes under a name. The browser makes the name safe for its disk. */
export function download(name: string, bytes: BlobPart, mime = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function appAddress(environmentId: string, route: string, params: Record<string, unknown> = {}): string {
  return `/app/${encodeURIComponent(environmentId)}/${encodeURIComponent(route)}${formatParams(params)}`;
}

/** `navigate` goes to an address of ours without a reload. */
export function browserOutside(environmentId: string, navigate: (address: string) => void): Outside {
  const openTab = (url: string) => {
    // Without "noopener", which hides whether it was blocked; the new page's way back to us is cut by hand.
    const tab = window.open("about:blank", "_blank");
    if (!tab) return false;
    tab.opener = null;
    tab.location.replace(url);
    return true;
  };
  return {
    call,
    clock: browserClock,
    openSocket: openBrowserSocket,
    origin: socketOrigin(),
    schedule: animationFrame,
    random: Math.random,
    uuid,
    isOnline: () => navigator.onLine,
    appAddress: (route, params) => appAddress(environmentId, route, params),
    goToApp: (route, params, newTab) => {
      const address = appAddress(environmentId, route, params);
      if (newTab) return openTab(address);
      navigate(address);
      return true;
    },
    openUrl: (url, newTab) => {
      if (newTab) return openTab(url);
      location.assign(url);
      return true;
    },
    download,
  };
}
