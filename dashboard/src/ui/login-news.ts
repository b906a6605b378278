/**
 * Who is signed in, told from tab to tab of this browser: they share one cookie, so a sign-in in one of them is one for all.
 * Nothing is believed of it but that something has changed: who may see what is the server's to say.
 */

const CHANNEL = "compose-login";

/** This tab has learned from the server who is signed in; null: nobody is any more. */
export function tellLogin(email: string | null): void {
  if (typeof BroadcastChannel !== "function") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ email });
  channel.close();
}

/** What other tabs have learned. Answers how to stop. */
export function onLogin(hear: (email: string | null) => void): () => void {
  if (typeof BroadcastChannel !== "function") return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<{ email?: unknown } | null>) => {
    const email = data?.email;
    if (email === null || typeof email === "string") hear(email);
  };
  return () => channel.close();
}
