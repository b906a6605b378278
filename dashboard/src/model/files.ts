/** Which files may be chosen, and why not (CM 8.3, 12.1). */
import type { ChosenFile, FileDropProperties, Opt } from "./types";

/**
 * The largest file in bytes. An upload is one message, and an SDK closes its connection on a message of more than
 * 10 MiB including the header.
 */
export const MAX_FILE_SIZE = 10_485_600;

/** All files of one input together, in bytes: they wait in the browser's send buffer and then in the SDK's memory. */
export const MAX_TOTAL_SIZE = 10 * MAX_FILE_SIZE;

/** The counts above which a limit means "none". */
export const NO_LIMIT = 1_000_000_000;

/**
 * Whether a file is of an accepted type: its MIME type is an entry, or its name ends with "." and the part of an entry
 * after the slash. `image/*` and entries without a slash (".csv") are taken too, as in the browser's own file dialog.
 */
export function isAcceptedType(file: Pick<File, "name" | "type">, accepted: readonly string[]): boolean {
  const name = file.name.toLowerCase();
  const type = file.type.toLowerCase();
  return accepted.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    if (wanted === "") return false;
    if (type !== "" && type === wanted) return true;
    if (wanted.endsWith("/*")) return type.startsWith(wanted.slice(0, -1));
    const ending = wanted.slice(wanted.lastIndexOf("/") + 1).replace(/^\./, "");
    return ending !== "" && name.endsWith(`.${ending}`);
  });
}

/** The `accept` attribute of the browser's file dialog: a help for people, no check. */
export function acceptAttribute(accepted: readonly string[] | null | undefined): string[] | undefined {
  if (!accepted || accepted.length === 0) return undefined;
  return accepted.flatMap((entry) => {
    const wanted = entry.trim();
    const ending = wanted.slice(wanted.lastIndexOf("/") + 1).replace(/^\./, "");
    return wanted.includes("/") && ending !== "*" ? [wanted, `.${ending}`] : [wanted];
  });
}

/** "PDF, PNG": the accepted types for people. */
export function acceptedNames(accepted: readonly string[]): string {
  return accepted
    .map((entry) => {
      const [kind = "", ending = ""] = entry.includes("/") ? entry.split("/", 2) : ["", entry];
      return ending === "*" ? `any ${kind}` : ending.replace(/^\.|^x-|^vnd\./, "").toUpperCase();
    })
    .join(", ");
}

export interface RefusedFile {
  name: string;
  reason: string;
}

export interface Choice {
  files: ChosenFile[];
  refused: RefusedFile[];
}

/**
 * Adds newly chosen files to the ones already there. A single-file input takes the last one in place of what it had.
 * What does not fit comes back with its reason; nothing is dropped without one.
 */
export function chooseFiles(
  present: readonly ChosenFile[],
  added: readonly File[],
  properties: FileDropProperties,
  newKey: () => string,
): Choice {
  const refused: RefusedFile[] = [];
  const maxCount = properties.maxCount ?? NO_LIMIT;
  const fitting = added.filter((file) => {
    const reason = fileProblem(properties.acceptedFileTypes, file);
    if (reason) refused.push({ name: file.name, reason });
    return reason === null;
  });
  let files: ChosenFile[] = maxCount === 1 && fitting.length > 0 ? [] : [...present];
  if (maxCount === 1 && fitting.length > 1) {
    for (const file of fitting.splice(0, fitting.length - 1)) {
      refused.push({ name: file.name, reason: "Only one file can be chosen." });
    }
  }
  let total = files.reduce((sum, chosen) => sum + chosen.file.size, 0);
  for (const file of fitting) {
    if (files.length >= maxCount) {
      refused.push({ name: file.name, reason: `Only ${maxCount} files can be chosen.` });
    } else if (total + file.size > MAX_TOTAL_SIZE) {
      refused.push({ name: file.name, reason: `All files together are above ${formatSize(MAX_TOTAL_SIZE)}.` });
    } else {
      files = [...files, { key: newKey(), file }];
      total += file.size;
    }
  }
  return { files, refused };
}

/** Why a file cannot be taken, or null: its size, or its type. */
export function fileProblem(accepted: Opt<string[]>, file: Pick<File, "name" | "type" | "size">): string | null {
  if (file.size > MAX_FILE_SIZE) {
    return `${formatSize(file.size)} is too large. A file can have ${formatSize(MAX_FILE_SIZE)} at most.`;
  }
  if (!accepted) return null;
  if (accepted.length === 0) return "This app accepts no type of file here. Tell its author.";
  return isAcceptedType(file, accepted) ? null : `Its type is not accepted. Choose ${acceptedNames(accepted)}.`;
}

/** "1.5 MB": steps of 1,024, with the customary short names. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const units = ["KB", "MB", "GB"];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  // Rounding up may reach the next unit's size; one decimal below ten is exact enough for people.
  return `${Number(value.toFixed(value < 9.95 ? 1 : 0))} ${units[power - 1]}`;
}
