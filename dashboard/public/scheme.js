// Before the first paint, so that a chosen colour scheme never flashes the other one. A file, not an inline script:
// the Content-Security-Policy allows none.
(() => {
  try {
    const chosen = localStorage.getItem("COLOR_SCHEME");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
  } catch {
    // Storage is blocked: the system's scheme holds.
  }
})();
