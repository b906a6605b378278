/** HTTP calls to our own server: JSON in and out, one kind of error, a time limit. */

const LIMIT = 20_000;

/** `status` 0: the server was not reached. `message` is for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** As http-api 8.2 has them: `0a` unknown user, … */
    readonly internalCode: string | null = null,
    /** Of the audit log and reports: `invalid-plan`, … */
    readonly type: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";
export type Call = <T>(method: Method, path: string, body?: unknown, headers?: Record<string, string>) => Promise<T>;

/** `path` without `/api/v1`. */
export const call: Call = async <T>(
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: method === "GET" ? headers : { "content-type": "application/json", ...headers },
      body: method === "GET" ? null : JSON.stringify(body ?? {}),
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT),
    });
    text = await response.text();
  } catch {
    throw new ApiError(0, navigator.onLine ? "The server cannot be reached." : "This browser is offline.");
  }
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    if (response.ok) throw new ApiError(response.status, "The server has answered something that cannot be read.");
  }
  if (response.ok) return parsed as T;
  const told = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const said = (key: string) => (typeof told[key] === "string" && told[key] !== "" ? (told[key] as string) : null);
  const fallback = response.status >= 500 ? "The server has failed. Please try again." : "The server has refused this.";
  throw new ApiError(response.status, said("message") ?? fallback, said("internalCode"), said("type"));
};
