/** An error message of an app, taken apart for reading (CM 13.9). */

export interface Failure {
  severity: "error" | "warning";
  /** What happened, in one line: "An error occurred while running the app". */
  title: string;
  /** The author's own words: "boiler broke". May be empty. */
  message: string;
  /** The rest; for members of the team only. May be empty. */
  stack: string;
}

export function failureOf(errorMessage: string, severity: "error" | "warning"): Failure {
  const blocks = errorMessage.trim().split(/\n\s*\n/);
  const framed = /^An error occurred while .*:$/.test(blocks[0]?.trim() ?? "") && blocks.length > 1;
  const title = framed ? (blocks[0]?.trim().replace(/:$/, "") ?? "") : "";
  const rest = framed ? blocks.slice(1).join("\n\n") : errorMessage.trim();
  const lines = rest.split("\n");
  const stackAt = lines.findIndex((line) => /^\s+(?:at\s|File ")|^Traceback \(most recent call last\)/.test(line));
  const message = (stackAt < 0 ? lines : lines.slice(0, stackAt)).join("\n").trim();
  const stack = stackAt < 0 ? "" : lines.slice(stackAt).join("\n").trimEnd();
  return {
    severity,
    title: title || (severity === "error" ? "The app has failed" : "The app reports a problem"),
    // A bare traceback has its reason in the last line.
    message: message || (stack.split("\n").at(-1)?.trim() ?? ""),
    stack: stack.replace(/^\n+/, ""),
  };
}

/** What a person outside of the team reads: the first line of the author's words. */
export function forOutsiders(failure: Failure): Failure {
  return { ...failure, message: failure.message.split("\n")[0]?.slice(0, 300) ?? "", stack: "" };
}
