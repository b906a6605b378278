/** The browser's own news of its network, and of a sleep that it does not tell of. */

export interface BrowserNews {
  networkCame(): void;
  networkWent(): void;
  /** The machine slept: what was open is most likely dead. */
  woke(): void;
}

/** How often the clock is looked at. */
const BEAT = 10_000;
/** A beat that is so late means a sleep; hidden tabs get one a minute. */
const LATE = 90_000;

/** Answers how to stop. */
export function followBrowser(news: BrowserNews): () => void {
  const online = () => news.networkCame();
  const offline = () => news.networkWent();
  let last = Date.now();
  const beat = setInterval(() => {
    const slept = Date.now() - last > LATE;
    last = Date.now();
    if (slept) news.woke();
  }, BEAT);
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  return () => {
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    clearInterval(beat);
  };
}
