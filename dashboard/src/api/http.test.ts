import { expect, test, vi } from "vitest";
import { ApiError, call } from "./http";

const answer = (status: number, text: string) => () => Promise.resolve(new Response(text, { status }));
const failed = (from: Promise<unknown>) => from.then(() => null).catch((error: unknown) => error as ApiError);

test("a server that does not answer is given up after 20 s, and is said to be out of reach", async () => {
  const end = new AbortController();
  const limit = vi.spyOn(AbortSignal, "timeout").mockReturnValue(end.signal);
  vi.spyOn(globalThis, "fetch").mockImplementation(
    (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new DOMException("late")))),
  );
  const asked = failed(call("GET", "/initialize"));
  expect(limit).toHaveBeenCalledWith(20_000);
  end.abort();
  expect(await asked).toMatchObject({ status: 0, message: "The server cannot be reached." });
});

test("what the server says against it is what people read; without words there are ours", async () => {
  const fetch = vi.spyOn(globalThis, "fetch");
  const said = async (status: number, text: string) => {
    fetch.mockImplementationOnce(answer(status, text));
    const error = await failed(call("POST", "/x"));
    expect(error).toBeInstanceOf(ApiError);
    return [error?.status, error?.message, error?.internalCode, error?.type];
  };
  expect(await said(400, '{"message":"No such app.","internalCode":"0a"}')).toEqual([400, "No such app.", "0a", null]);
  expect(await said(403, '{"type":"invalid-plan"}')).toEqual([
    403,
    "The server has refused this.",
    null,
    "invalid-plan",
  ]);
  expect(await said(502, "<html>")).toEqual([502, "The server has failed. Please try again.", null, null]);
  expect(await said(200, "<html>")).toEqual([
    200,
    "The server has answered something that cannot be read.",
    null,
    null,
  ]);
  fetch.mockImplementationOnce(answer(200, '{"ok":true}'));
  expect(await call("GET", "/x")).toEqual({ ok: true });
});
