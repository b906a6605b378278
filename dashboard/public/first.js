// Before the first paint and before every other script. A file, not an inline script: the Content-Security-Policy allows none.
(() => {
  // A chosen colour scheme never flashes the other one.
  try {
    const chosen = localStorage.getItem("COLOR_SCHEME");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
  } catch {
    // Storage is blocked: the system's scheme holds.
  }
  // The page of an app is fetched beside the entry, not after it. The build has put the addresses into the page.
  if (!location.pathname.startsWith("/app/")) return;
  const files = document.querySelector('meta[name="app-page"]')?.getAttribute("content") ?? "";
  for (const href of files.split(" ").filter(Boolean)) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = href;
    link.crossOrigin = "anonymous";
    document.head.append(link);
  }
})();
