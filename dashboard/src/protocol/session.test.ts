import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock, fakeSockets } from "../testing/clock";
import { SERVER_UPDATE } from "./connection";
import type { BrowserEvent, SdkEvent } from "./events";
import { type Run, Session, type Status } from "./session";

const ENV = "11111111-1111-4111-8111-111111111111";

let clock: FakeClock;
let sockets: ReturnType<typeof fakeSockets>;
let statuses: Status[];
let events: SdkEvent[];
let notSent: [BrowserEvent, string][];
let gone: number;
let onEvent: () => void;
let configurations: number;
let broken: string[];
let run: Run | null;
let session: Session;

beforeEach(() => {
  clock = new FakeClock();
  sockets = fakeSockets();
  [statuses, events, notSent, broken, gone, configurations, run] = [[], [], [], [], 0, 0, null];
  onEvent = () => {};
  let ids = 0;
  session = new Session({
    clock,
    open: sockets.open,
    random: () => 0,
    uuid: () => `${String(++ids).padStart(8, "0")}-0000-4000-8000-000000000000`,
    isOnline: () => true,
    origin: "ws://x",
    environmentId: ENV,
    onStatus: (status) => statuses.push(status),
    onRun: (now) => {
      run = now;
    },
    onEvent: (event) => {
      events.push(event);
      onEvent();
    },
    onGone: () => gone++,
    onConfiguration: () => configurations++,
    onNotSent: (event, reason) => notSent.push([event, reason]),
    onBroken: (reason) => broken.push(reason),
  });
});

const status = () => statuses.at(-1)?.kind;
const environment = (isOnline: boolean, extra = "") =>
  sockets.last().deliver(`11${session.sessionId}{"type":"11","environmentId":"${ENV}","isOnline":${isOnline}${extra}}`);
const frame = (code: string, body: object, executionId = run?.executionId) =>
  sockets.last().deliver(`${code}${session.sessionId}${executionId}${JSON.stringify({ type: code, ...body })}`);
const codes = () => sockets.last().texts.map((text) => text.slice(0, 2));
const click: BrowserEvent = { type: "ab", renderId: "r", componentId: "c" };
const goOnline = () => {
  session.start("hello", { boat: 11 });
  sockets.last().events.open();
  environment(true);
};

describe("starting", () => {
  test("waits for the environment, then sends START with session and params", () => {
    session.start("hello", { boat: 11 });
    expect(sockets.last().url).toContain(`environmentId=${ENV}&appRoute=hello`);
    expect(sockets.last().url).not.toContain("executionId");
    expect(status()).toBe("connecting");
    sockets.last().events.open();
    environment(false);
    expect(status()).toBe("environment-offline");
    expect(codes()).toEqual([]);
    environment(true);
    expect(status()).toBe("online");
    expect(JSON.parse(sockets.last().texts[0]?.slice(74) ?? "")).toEqual({
      type: "aa",
      appRoute: "hello",
      sessionId: session.sessionId,
      params: { boat: 11 },
      executionId: run?.executionId,
    });
    expect(run?.startedAt).toBe(clock.now());
  });

  test("a restart is a new execution; frames of the old one are nobody's", () => {
    goOnline();
    const before = run?.executionId;
    frame("be", { message: "one" });
    session.restart();
    expect(run?.executionId).not.toBe(before);
    frame("be", { message: "late" }, before);
    frame("be", { message: "two" });
    expect(events.map((event) => (event as { message: string }).message)).toEqual(["one", "two"]);
    expect(codes()).toEqual(["aa", "aa"]);
    expect(sockets.all).toHaveLength(1);
  });

  test("frames for other sessions are nobody's, broken ones are told, unknown ones are left", () => {
    goOnline();
    sockets.last().deliver(`be99999999-0000-4000-8000-000000000000${run?.executionId}{"type":"be","message":"x"}`);
    sockets.last().deliver(`zz${session.sessionId}`);
    expect(events).toEqual([]);
    sockets.last().deliver(`be${session.sessionId}${run?.executionId}{`);
    expect(broken).toHaveLength(1);
  });

  test("an old SDK gets the short header", () => {
    session.start("hello", {});
    sockets.last().events.open();
    environment(true, ',"packageName":"compose-node","packageVersion":"0.25.7"');
    expect(sockets.last().texts[0]?.charAt(38)).toBe("{");
  });

  test("tells of a new configuration", () => {
    goOnline();
    sockets.last().deliver(`14${session.sessionId}{"type":"14","environmentId":"${ENV}"}`);
    expect(configurations).toBe(1);
  });
});

describe("losing and coming back", () => {
  test("the environment goes and comes: CHECK is sent, silence means alive", () => {
    goOnline();
    frame("be", { message: "alive" });
    environment(false);
    expect(statuses.at(-1)).toMatchObject({ kind: "environment-offline", wasOnline: true });
    session.send(click);
    expect(notSent).toHaveLength(1);
    environment(true);
    expect(codes()).toEqual(["aa", "ae"]);
    clock.advance(60_000);
    expect(gone).toBe(0);
    session.send(click);
    expect(codes()).toEqual(["aa", "ae", "ab"]);
  });

  test("`does not exist` ends the run", () => {
    goOnline();
    frame("ay", { exists: true });
    expect(gone).toBe(0);
    frame("ay", { exists: false });
    expect(gone).toBe(1);
  });

  test("a new socket names session and execution and checks, without a second START", () => {
    goOnline();
    sockets.last().events.close(1006);
    expect(statuses.at(-1)).toMatchObject({ kind: "reconnecting", refused: false });
    clock.advance(5000);
    expect(sockets.last().url).toContain(`sessionId=${session.sessionId}`);
    expect(sockets.last().url).toContain(`executionId=${run?.executionId}`);
    sockets.last().events.open();
    environment(true);
    expect(codes()).toEqual(["ae"]);
    frame("be", { message: "replayed" });
    expect(events).toHaveLength(1);
  });

  test("a modal that was closed while nothing could be sent is closed for its handler later, for others not", () => {
    goOnline();
    environment(false);
    session.send({ type: "al", renderId: "m" });
    session.send(click);
    expect(notSent.map(([event]) => event.type)).toEqual(["ab"]);
    environment(true);
    expect(codes()).toEqual(["aa", "ae", "al"]);
    environment(false);
    session.send({ type: "al", renderId: "m" });
    session.restart();
    environment(true);
    expect(codes()).toEqual(["aa", "ae", "al", "aa"]);
  });

  test("an event of an unexpected shape costs this event only, and is told", () => {
    onEvent = () => {
      throw new TypeError("no children");
    };
    goOnline();
    frame("be", { message: "x" });
    expect(broken[0]).toContain("no children");
    onEvent = () => {};
    frame("be", { message: "y" });
    expect(events).toHaveLength(2);
  });

  test("a server update is no outage: calm until 25 s after it", () => {
    goOnline();
    sockets.last().events.close(SERVER_UPDATE);
    expect(status()).toBe("updating");
    clock.advance(10_000);
    sockets.last().events.open();
    environment(false);
    expect(status()).toBe("updating");
    clock.advance(15_000);
    expect(status()).toBe("environment-offline");
    environment(true);
    expect(status()).toBe("online");
  });

  test("a refusal asks for a reason; a revoked right ends it until it is given back", () => {
    session.start("hello", {});
    sockets.last().events.close(1006);
    expect(statuses.at(-1)).toMatchObject({ kind: "reconnecting", refused: true });
    session.retryNow();
    sockets.last().events.open();
    environment(true);
    sockets.last().events.close(4002);
    expect(status()).toBe("revoked");
    session.resume();
    sockets.last().events.open();
    environment(true);
    expect(codes()).toEqual(["ae"]);
  });

  test("leaving tells the SDK and is the end", () => {
    goOnline();
    const socket = sockets.last();
    session.leave();
    expect(socket.texts.at(-1)?.slice(0, 2)).toBe("ak");
    expect(socket.closed).toBe(true);
    clock.advance(600_000);
    expect(sockets.all).toHaveLength(1);
  });
});

describe("files", () => {
  const upload = (name: string, content: string) => ({
    fileId: `${name}0000000-0000-4000-8000-000000000000`,
    // Read at once, so that nothing is left to do after the next task.
    file: { arrayBuffer: async () => new TextEncoder().encode(content).buffer } as unknown as Blob,
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve));

  test("go before the event that names them, and later events wait for both", async () => {
    goOnline();
    session.send({ type: "ah", renderId: "r", componentId: "f", value: [] }, [upload("a", "x"), upload("b", "y")]);
    session.send(click);
    await settle();
    expect(codes()).toEqual(["aa", "ad", "ad", "ah", "ab"]);
    expect(sockets.last().texts[1]?.slice(74)).toBe("a0000000-0000-4000-8000-000000000000x");
    session.send(click);
    expect(codes().at(-1)).toBe("ab");
  });

  test("an event whose file cannot be read is told, and what follows still goes", async () => {
    goOnline();
    const bad = { fileId: "f", file: { arrayBuffer: () => Promise.reject(new Error("gone")) } as unknown as Blob };
    session.send({ type: "ah", renderId: "r", componentId: "f", value: [] }, [bad]);
    session.send(click);
    await settle();
    expect(notSent[0]?.[1]).toContain("gone");
    expect(codes()).toEqual(["aa", "ab"]);
  });

  test("an event is not sent without its files, nor into a later run", async () => {
    goOnline();
    session.send({ type: "ah", renderId: "r", componentId: "f", value: [] }, [upload("a", "x")]);
    sockets.last().events.close(1006);
    await settle();
    expect(notSent).toHaveLength(1);
    clock.advance(5000);
    sockets.last().events.open();
    environment(true);
    session.send({ type: "ah", renderId: "r", componentId: "f", value: [] }, [upload("a", "x")]);
    session.restart();
    await settle();
    expect(codes()).toEqual(["ae", "aa"]);
  });
});
