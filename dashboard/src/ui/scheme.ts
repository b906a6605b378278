/** Light, dark or as the system has it; kept in this browser under the name that the page always had. */

export type Scheme = "system" | "light" | "dark";

const NAME = "COLOR_SCHEME";

export function chosenScheme(): Scheme {
  try {
    const stored = localStorage.getItem(NAME);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

export function chooseScheme(scheme: Scheme): void {
  try {
    localStorage.setItem(NAME, scheme);
  } catch {
    // Storage is blocked: it holds for this page.
  }
  applyScheme(scheme);
}

/** An app with its own colours is light or dark by them; `null` gives the choice back. */
export function forceScheme(scheme: "light" | "dark" | null): void {
  if (scheme) document.documentElement.dataset.scheme = scheme;
  else applyScheme(chosenScheme());
}

function applyScheme(scheme: Scheme): void {
  if (scheme === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
}
