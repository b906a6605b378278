import { useLayoutEffect } from "react";
import { type Theme, themeTokens } from "../model/theme";
import { forceScheme } from "../ui/scheme";

/** The app's three colours, on this page only. On the root, so that dialogs and menus have them, too. */
export function useTheme(theme: Theme | null): void {
  useLayoutEffect(() => {
    const made = themeTokens(theme);
    if (!made) return;
    const { style } = document.documentElement;
    forceScheme(made.scheme);
    for (const [name, value] of Object.entries(made.tokens)) style.setProperty(name, value);
    return () => {
      for (const name of Object.keys(made.tokens)) style.removeProperty(name);
      forceScheme(null);
    };
  }, [theme]);
}
