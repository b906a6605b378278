import { expect, test } from "vitest";
import { FakeClock, fakeSockets } from "../testing/clock";
import { LiveStatus } from "./live";

test("knows nothing until it is told, follows each change, and forgets when the connection is lost", () => {
  const sockets = fakeSockets();
  const clock = new FakeClock();
  const changed: string[] = [];
  const live = new LiveStatus({
    clock,
    open: sockets.open,
    random: () => 0,
    isOnline: () => true,
    origin: "ws://x",
    sessionId: "s",
    onConfiguration: (id) => changed.push(id),
  });
  live.connection.start();
  expect(sockets.last().url).toBe("ws://x/api/v1/browser/ws?sessionId=s");
  sockets.last().events.open();
  expect(live.snapshot().online).toBeNull();
  sockets.last().deliver('12{"type":"12","connections":{"a":true,"b":false}}');
  expect(live.snapshot().online).toEqual({ a: true, b: false });
  const to = "22222222-2222-4222-8222-222222222222";
  sockets
    .last()
    .deliver(
      `11${to}{"type":"11","environmentId":"b","isOnline":true,"packageName":"compose-node","packageVersion":"0.27.9"}`,
    );
  expect(live.snapshot()).toMatchObject({ online: { a: true, b: true }, packages: { b: { version: "0.27.9" } } });
  sockets.last().deliver(`14${to}{"type":"14","environmentId":"b"}`);
  expect(changed).toEqual(["b"]);
  sockets.last().events.close(1006);
  expect(live.snapshot()).toMatchObject({ online: null, connection: { kind: "waiting" } });
});
