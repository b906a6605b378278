import { describe, expect, test } from "vitest";
import { fixtures } from "../testing/fixtures";
import { type Decoded, decode, encode, encodeUpload, headerForm } from "./frame";

const ENV = "11111111-1111-4111-8111-111111111111";
const SES = "22222222-2222-4222-8222-222222222222";
const EXE = "33333333-3333-4333-8333-333333333333";
const FILE = "55555555-5555-4555-8555-555555555555";
const full = { environmentId: ENV, executionId: EXE, form: "full" } as const;

const bytes = (...parts: (string | number[])[]): ArrayBuffer => {
  const all = parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : part));
  return new Uint8Array(all).buffer;
};
const text = (message: Uint8Array) => new TextDecoder().decode(message);
const sdk = (decoded: Decoded) => {
  if (decoded.kind !== "sdk") throw new Error(JSON.stringify(decoded));
  return decoded;
};

describe("what we send", () => {
  test("START, CHECK and END are the bytes of the vectors", () => {
    const start = encode({ type: "aa", appRoute: "hello", sessionId: SES, params: {} }, full);
    expect(text(start).slice(0, 74)).toBe(`aa${ENV}${EXE}`);
    expect(JSON.parse(text(start).slice(74))).toEqual({
      type: "aa",
      appRoute: "hello",
      executionId: EXE,
      sessionId: SES,
      params: {},
    });
    expect(start.length).toBe(222);
    expect(encode({ type: "ae", sessionId: SES }, full).length).toBe(191);
    expect(encode({ type: "ak", sessionId: SES }, full).length).toBe(191);
  });

  test("SDKs before 0.25.8 get the short header", () => {
    const start = encode({ type: "aa", appRoute: "hello", sessionId: SES, params: {} }, { ...full, form: "short" });
    expect(start.length).toBe(186);
    expect(text(start).slice(38, 39)).toBe("{");
    for (const version of ["0.25.7", "0.25.0", "0.9.99", "0.24"]) expect(headerForm(version), version).toBe("short");
    for (const version of ["0.25.8", "0.26", "0.27.8", "1.0.0", "0.27.8-beta.1", "x", null]) {
      expect(headerForm(version), String(version)).toBe("full");
    }
  });

  test("an upload is header, file id and raw bytes", () => {
    const upload = encodeUpload(FILE, new Uint8Array([0, 1, 2, 255]), full);
    expect(upload.length).toBe(114);
    expect(text(upload.subarray(0, 110))).toBe(`ad${ENV}${EXE}${FILE}`);
    expect([...upload.subarray(110)]).toEqual([0, 1, 2, 255]);
  });

  test("every frame that a browser sent in the captures comes out with the same header and body", () => {
    let seen = 0;
    for (const file of Object.values(fixtures)) {
      for (const frame of file.frames) {
        if (frame.from !== "browser" || !frame.json || frame.code === "ad") continue;
        const { executionId, ...event } = frame.json as Record<string, unknown>;
        if (typeof executionId !== "string") continue;
        const made = text(encode(event as never, { ...full, executionId }));
        expect(made.slice(0, 74)).toBe(`${frame.code}${ENV}${executionId}`);
        expect(JSON.parse(made.slice(74))).toEqual(frame.json);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(40);
  });
});

describe("what we read", () => {
  test("today's header and the older one say the same", () => {
    const body = { errorMessage: "No.", severity: "warning" };
    const now = sdk(decode(bytes(`au${SES}${EXE}`, JSON.stringify({ type: "au", ...body }))));
    const older = sdk(decode(bytes(`aa${SES}`, JSON.stringify({ type: "aa", executionId: EXE, ...body }))));
    for (const { sessionId, executionId, event } of [now, older]) {
      expect({ sessionId, executionId }).toEqual({ sessionId: SES, executionId: EXE });
      expect(event).toMatchObject({ type: "au", ...body });
    }
  });

  test("status, report and configuration frames of the server", () => {
    const status = decode(bytes(`11${SES}`, `{"type":"11","environmentId":"${ENV}","isOnline":true}`));
    expect(status).toMatchObject({ kind: "server", event: { type: "11", isOnline: true } });
    expect(decode(bytes(`12{"type":"12","connections":{"${ENV}":true}}`))).toMatchObject({
      event: { type: "12", connections: { [ENV]: true } },
    });
    expect(decode(bytes(`14${SES}`, `{"type":"14","environmentId":"${ENV}"}`))).toMatchObject({
      event: { type: "14" },
    });
  });

  test("a download, its name as bytes", () => {
    const metadata = `{"name":"a.txt","download":true,"id":"${FILE}"}`;
    const { event } = sdk(decode(bytes(`bl${SES}${EXE}`, [0, 0, 0, 0x4c], metadata, "hello")));
    expect(event).toMatchObject({ type: "bl", name: "a.txt" });
    expect(text((event as { bytes: Uint8Array }).bytes)).toBe("hello");
  });

  test("a download whose length counts characters instead of bytes", () => {
    const metadata = `{"name":"r\u00e9sum\u00e9 {\\"1\\"}.csv","download":true,"id":"${FILE}"}`;
    const { event } = sdk(decode(bytes(`bl${SES}${EXE}`, [0, 0, 0, metadata.length], metadata, "}a,b\n")));
    expect(event).toMatchObject({ name: 'r\u00e9sum\u00e9 {"1"}.csv' });
    expect(text((event as { bytes: Uint8Array }).bytes)).toBe("}a,b\n");
  });

  test("what cannot be read is told, and what nobody knows is left", () => {
    expect(decode(bytes(`au${SES}${EXE}`, "{"))).toMatchObject({ kind: "broken", code: "au" });
    expect(decode(bytes(`au${SES}${EXE}`, "[]"))).toMatchObject({ kind: "broken" });
    expect(decode(bytes(`au${SES}${EXE}{"a":"`, [0xff], '"}'))).toMatchObject({ kind: "broken" });
    expect(decode(bytes("bl"))).toMatchObject({ kind: "broken" });
    expect(decode(bytes(""))).toMatchObject({ kind: "unknown" });
    for (const code of ["13", "ae", "zz"]) expect(decode(bytes(`${code}${SES}{}`))).toEqual({ kind: "unknown", code });
  });
});
