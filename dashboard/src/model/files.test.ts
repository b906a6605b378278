import { describe, expect, it } from "vitest";
import {
  acceptAttribute,
  acceptedNames,
  chooseFiles,
  formatSize,
  isAcceptedType,
  MAX_FILE_SIZE,
  MAX_TOTAL_SIZE,
} from "./files";

const file = (name: string, type = "", size = 3): File => {
  const made = new File(["abc"], name, { type });
  Object.defineProperty(made, "size", { value: size });
  return made;
};

let keys = 0;
const newKey = () => `k${++keys}`;

describe("accepted types", () => {
  it.each([
    ["a.pdf", "application/pdf", true],
    ["a.bin", "application/pdf", true],
    ["a.pdf", "", true],
    ["A.PDF", "", true],
    ["a.png", "image/png", true],
    ["apdf", "", false],
    ["a.pdf.exe", "", false],
    ["a.txt", "text/plain", false],
  ])("%s of type %j: %s", (name, type, accepted) => {
    expect(isAcceptedType({ name, type }, ["application/pdf", "image/png"])).toBe(accepted);
  });

  it("takes wildcards and bare endings", () => {
    expect(isAcceptedType({ name: "a", type: "image/webp" }, ["image/*"])).toBe(true);
    expect(isAcceptedType({ name: "a", type: "text/css" }, ["image/*"])).toBe(false);
    expect(isAcceptedType({ name: "a.csv", type: "" }, [".csv"])).toBe(true);
    expect(isAcceptedType({ name: "a.csv", type: "" }, [""])).toBe(false);
  });

  it("helps the browser's dialog and the reader", () => {
    expect(acceptAttribute(["application/pdf", "image/*"])).toEqual(["application/pdf", ".pdf", "image/*"]);
    expect(acceptAttribute(null)).toBeUndefined();
    expect(acceptedNames(["application/pdf", "image/*", ".csv"])).toBe("PDF, any image, CSV");
  });
});

describe("choosing", () => {
  it("adds what fits and says why the rest does not", () => {
    const { files, refused } = chooseFiles(
      [],
      [file("a.pdf"), file("b.txt", "text/plain"), file("c.pdf", "", MAX_FILE_SIZE + 1), file("d.pdf"), file("e.pdf")],
      { acceptedFileTypes: ["application/pdf"], maxCount: 2 },
      newKey,
    );
    expect(files.map((chosen) => chosen.file.name)).toEqual(["a.pdf", "d.pdf"]);
    expect(refused).toEqual([
      { name: "b.txt", reason: "Its type is not accepted. Choose PDF." },
      { name: "c.pdf", reason: "10 MB is too large. A file can have 10 MB at most." },
      { name: "e.pdf", reason: "Only 2 files can be chosen." },
    ]);
  });

  it("takes a file of exactly the limit, and an empty one", () => {
    const { files } = chooseFiles([], [file("a", "", MAX_FILE_SIZE), file("b", "", 0)], {}, newKey);
    expect(files).toHaveLength(2);
  });

  it("replaces the file of a single-file input", () => {
    const first = chooseFiles([], [file("a")], { maxCount: 1 }, newKey);
    const second = chooseFiles(first.files, [file("b")], { maxCount: 1 }, newKey);
    expect(second.files.map((chosen) => chosen.file.name)).toEqual(["b"]);
    const wrong = chooseFiles(first.files, [file("c", "", MAX_FILE_SIZE + 1)], { maxCount: 1 }, newKey);
    expect(wrong.files).toEqual(first.files);
  });

  it("has a limit for all files together", () => {
    const eleven = Array.from({ length: 11 }, (_, at) => file(`${at}`, "", MAX_FILE_SIZE));
    const { files, refused } = chooseFiles([], eleven, {}, newKey);
    expect(files.reduce((sum, chosen) => sum + chosen.file.size, 0)).toBe(MAX_TOTAL_SIZE);
    expect(refused).toEqual([{ name: "10", reason: "All files together are above 100 MB." }]);
  });
});

it("writes sizes for people", () => {
  expect(formatSize(0)).toBe("0 bytes");
  expect(formatSize(1)).toBe("1 byte");
  expect(formatSize(1536)).toBe("1.5 KB");
  expect(formatSize(10_485_600)).toBe("10 MB");
  expect(formatSize(5e12)).toBe("4657 GB");
});
