import { expect, test } from "vitest";
import { bytesOfDataUri } from "./data-uri";

test("reads base64 and nothing else", () => {
  expect(bytesOfDataUri("data:application/pdf;base64,aGk=")).toEqual(new Uint8Array([104, 105]));
  expect(bytesOfDataUri("DATA:application/pdf;charset=x;base64,aGk=")).toEqual(new Uint8Array([104, 105]));
  expect(bytesOfDataUri("aGk=")).toEqual(new Uint8Array([104, 105]));
  expect(bytesOfDataUri("data:text/plain,hi")).toBeNull();
  expect(bytesOfDataUri("***")).toBeNull();
});
