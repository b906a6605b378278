/** From the three colours of an app to the tokens of the page (CM 16), with enough contrast. Pure. */

export interface Theme {
  textColor?: string | null;
  backgroundColor?: string | null;
  primaryColor?: string | null;
}

type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** WCAG AA for text, and a little for rounding. */
const READABLE = 4.55;

export function parseColour(text: string | null | undefined): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text?.trim() ?? "");
  return match ? [channel(match[1]), channel(match[2]), channel(match[3])] : null;
}
const channel = (hex = "0") => Number.parseInt(hex, 16);
const write = (colour: Rgb) => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((part, at) => part + ((b[at] ?? 0) - part) * share) as unknown as Rgb;
}

/** The colour, moved towards black or white until it can be read on all of `grounds`. */
function readable(colour: Rgb, grounds: Rgb[], least = READABLE): Rgb {
  const worst = (candidate: Rgb) => Math.min(...grounds.map((ground) => contrast(candidate, ground)));
  if (worst(colour) >= least) return colour;
  const goal = worst(BLACK) >= worst(WHITE) ? BLACK : WHITE;
  for (let share = 0.1; share < 1; share += 0.1) {
    const moved = mix(colour, goal, share);
    if (worst(moved) >= least) return moved;
  }
  return goal;
}

/** Texts that say how something is, and the ground of their own notices; as in `tokens.css`. */
export const STATUS_TEXTS = {
  light: {
    danger: ["#a3211a", "#fbeae8"],
    warning: ["#80540a", "#fdf3dc"],
    success: ["#226640", "#e4f3ea"],
    info: ["#23568f", "#e6eef9"],
  },
  dark: {
    danger: ["#f39a92", "#3b1d1a"],
    warning: ["#eec06a", "#38290d"],
    success: ["#7ccc9d", "#173324"],
    info: ["#92bdf0", "#1a2c42"],
  },
} as const;

/** Custom properties for the page, and whether it is a dark one; null when the app has no theme. */
export function themeTokens(
  theme: Theme | null | undefined,
): { scheme: "light" | "dark"; tokens: Record<string, string> } | null {
  const background = parseColour(theme?.backgroundColor);
  const wantedText = parseColour(theme?.textColor);
  const wantedPrimary = parseColour(theme?.primaryColor);
  if (!background && !wantedText && !wantedPrimary) return null;
  const ground = background ?? (wantedText && luminance(wantedText) > 0.4 ? BLACK : WHITE);
  const goal = contrast(BLACK, ground) >= contrast(WHITE, ground) ? BLACK : WHITE;
  const dark = goal === WHITE;
  // A middle tone has hardly room for text: its shades go away from the text's side, all of them.
  const away = dark ? BLACK : WHITE;
  const towards = contrast(goal, ground) >= 9 ? goal : away;
  const surface = dark ? mix(ground, towards, 0.05) : mix(ground, WHITE, 0.6);
  const sunken = mix(ground, towards, dark ? 0.09 : 0.05);
  const hover = mix(ground, towards, dark ? 0.14 : 0.09);
  const grounds = [ground, surface, sunken, hover];
  const text = readable(wantedText ?? (dark ? WHITE : BLACK), grounds);
  const primary = readable(wantedPrimary ?? text, [ground, surface], 3.05);
  const onPrimary = contrast(WHITE, primary) >= contrast(BLACK, primary) ? WHITE : BLACK;
  // A middle tone carries neither white nor black at AA: move it away from its text.
  const button = readableGround(primary, onPrimary);
  const primaryText = readable(primary, grounds);
  const soft = mix(ground, primary, 0.14);
  const tokens: Record<string, Rgb> = {
    "--background": ground,
    "--surface": surface,
    "--surface-raised": surface,
    "--surface-sunken": sunken,
    "--surface-hover": hover,
    "--border": mix(ground, text, 0.16),
    "--border-strong": readable(mix(ground, text, 0.45), [ground, surface], 3.05),
    "--text": text,
    "--text-secondary": readable(mix(text, ground, 0.3), grounds),
    "--primary": button,
    "--primary-hover": readableGround(mix(button, onPrimary === WHITE ? BLACK : WHITE, 0.12), onPrimary),
    "--primary-soft": soft,
    "--primary-text": readable(primaryText, [...grounds, soft]),
    "--on-primary": onPrimary,
    "--focus": readable(primary, [ground, surface], 3.05),
    "--series-1": readable(primary, [ground, surface], 3.05),
  };
  for (const [name, own] of Object.entries(STATUS_TEXTS[dark ? "dark" : "light"])) {
    const [colour, soft] = [...own].map((hex: string) => parseColour(hex) ?? goal) as [Rgb, Rgb];
    tokens[`--${name}-text`] = readable(colour, [...grounds, soft]);
  }
  const written = Object.fromEntries(Object.entries(tokens).map(([name, colour]) => [name, write(colour)]));
  return { scheme: dark ? "dark" : "light", tokens: written };
}

function readableGround(ground: Rgb, text: Rgb): Rgb {
  const away = text === WHITE ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const moved = mix(ground, away, share);
    if (contrast(moved, text) >= READABLE) return moved;
  }
  return away;
}
