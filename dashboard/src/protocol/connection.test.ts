import { beforeEach, expect, test } from "vitest";
import { FakeClock, fakeSockets } from "../testing/clock";
import { Connection, type ConnectionState, REVOKED, SERVER_UPDATE } from "./connection";

let clock: FakeClock;
let sockets: ReturnType<typeof fakeSockets>;
let states: ConnectionState[];
let online: boolean;
let random: number;
let connection: Connection;

beforeEach(() => {
  clock = new FakeClock();
  sockets = fakeSockets();
  states = [];
  online = true;
  random = 0;
  connection = new Connection({
    clock,
    open: sockets.open,
    random: () => random,
    isOnline: () => online,
    url: () => "ws://x",
    onState: (state) => states.push(state),
    onMessage: () => {},
  });
});

const now = () => states.at(-1);
/** Milliseconds until the next attempt. */
const pause = () => {
  const state = now();
  if (state?.kind !== "waiting") throw new Error(JSON.stringify(state));
  return state.retryAt - state.since;
};

test("pauses grow from 5 s to a minute and begin afresh after a steady connection", () => {
  connection.start();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    sockets.last().events.close(1006);
    pauses.push(Math.round(pause() / 100) / 10);
    clock.advance(pause());
  }
  expect(pauses).toEqual([5, 8.5, 14.5, 24.6, 41.8, 60, 60, 60]);
  sockets.last().events.open();
  clock.advance(11_000);
  sockets.last().events.close(1006);
  expect(now()).toMatchObject({ kind: "waiting", cause: "lost" });
  expect(pause()).toBe(5000);
});

test("a server that accepts and closes at once is not asked every 5 s for ever", () => {
  connection.start();
  for (let attempt = 0; attempt < 4; attempt++) {
    sockets.last().events.open();
    sockets.last().events.close(1011);
    clock.advance(pause());
  }
  sockets.last().events.close(1006);
  expect(pause()).toBeGreaterThan(40_000);
});

test("after a server update it waits 10 s and a little more, never less", () => {
  random = 0.5;
  connection.start();
  sockets.last().events.open();
  sockets.last().events.close(SERVER_UPDATE);
  expect(now()).toMatchObject({ kind: "waiting", cause: "update" });
  expect(pause()).toBe(11_000);
});

test("the browser's network events and `retry now` cut the wait short", () => {
  connection.start();
  sockets.last().events.close(1006);
  connection.retryNow();
  expect(sockets.all).toHaveLength(2);
  online = false;
  connection.networkWent();
  expect(now()?.kind).toBe("offline");
  clock.advance(600_000);
  expect(sockets.all).toHaveLength(2);
  online = true;
  connection.networkCame();
  expect(sockets.all).toHaveLength(3);
  // Nothing to cut short: the attempt under way stays.
  connection.retryNow();
  connection.networkCame();
  expect(sockets.all).toHaveLength(3);
});

test("`retry now` tries also where the browser believes to have no network", () => {
  connection.start();
  online = false;
  connection.networkWent();
  connection.networkCame();
  expect(now()?.kind).toBe("offline");
  const before = sockets.all.length;
  connection.retryNow();
  expect(sockets.all).toHaveLength(before + 1);
  sockets.last().events.open();
  expect(now()?.kind).toBe("open");
});

test("an attempt that does not end is given up", () => {
  connection.start();
  clock.advance(15_000);
  expect(now()).toMatchObject({ kind: "waiting", cause: "refused" });
  expect(sockets.all[0]?.closed).toBe(true);
});

test("late events of an old socket change nothing", () => {
  connection.start();
  const first = sockets.last();
  first.events.open();
  connection.woke();
  first.events.close(1006);
  expect(now()?.kind).toBe("connecting");
  sockets.last().events.open();
  first.events.message(new ArrayBuffer(0));
  expect(now()?.kind).toBe("open");
});

test("a revoked right stops it, and so does leaving", () => {
  connection.start();
  sockets.last().events.open();
  sockets.last().events.close(REVOKED);
  expect(now()).toEqual({ kind: "stopped", cause: "revoked" });
  clock.advance(600_000);
  expect(sockets.all).toHaveLength(1);
  connection.start();
  connection.stop();
  expect(now()).toEqual({ kind: "stopped", cause: "closed" });
  expect(connection.send(new Uint8Array(1))).toBe(false);
});

test("a socket that takes nothing is dead, a slow one is not", () => {
  connection.start();
  const socket = sockets.last();
  socket.events.open();
  socket.buffered = 1000;
  connection.send(new Uint8Array(1000));
  clock.advance(19_000);
  socket.buffered = 900;
  clock.advance(2000);
  expect(now()?.kind).toBe("open");
  clock.advance(20_000);
  expect(now()).toMatchObject({ kind: "waiting", cause: "lost" });
});
