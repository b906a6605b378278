import type { CSSProperties } from "react";
import type { Opt, StyleMap } from "../model/types";

/**
 * The author's style, as far as it is harmless: known CSS properties, no address in a value but an
 * image's own data, nothing that leaves the app's area.
 */
export function safeStyle(style: Opt<StyleMap>): CSSProperties | undefined {
  if (!style) return undefined;
  const safe: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(style)) {
    if (!KNOWN.has(name) || value === null || value === undefined || value === "") continue;
    if (typeof value === "number") {
      safe[name] = value;
      continue;
    }
    if (typeof value !== "string" || !harmless(name, value)) continue;
    safe[name] = value;
  }
  return safe as CSSProperties;
}

/** These size the scrolling part of a table, a text area or a JSON input, not the whole component. */
const INNER = ["height", "minHeight", "maxHeight", "overflow", "overflowX", "overflowY"] as const;

/** The author's style in two: for the outer element, and the height-like keys for the part that scrolls (CM 16). */
export function splitStyle(style: Opt<StyleMap>): { outer: CSSProperties; inner: CSSProperties } {
  const outer: Record<string, unknown> = { ...safeStyle(style) };
  const inner: Record<string, unknown> = {};
  for (const key of INNER) {
    if (key in outer) {
      inner[key] = outer[key];
      delete outer[key];
    }
  }
  return { outer, inner };
}

function harmless(name: string, value: string): boolean {
  const text = value.replace(/\/\*[\s\S]*?\*\//g, "").toLowerCase();
  if (/expression\s*\(|-moz-binding|@import|javascript:|[\\<>]/.test(text)) return false;
  if (name === "position") return !/fixed|sticky/.test(text);
  // These take addresses in ways of their own, several at once.
  if (/(?:image-set|image|src)\s*\(/.test(text)) return false;
  for (const [, address = ""] of text.matchAll(/url\s*\(\s*["']?([^"')]*)/g)) {
    if (!/^(?:data:image\/|blob:)/.test(address)) return false;
  }
  return true;
}

const KNOWN = new Set(
  `width height minWidth maxWidth minHeight maxHeight
  margin marginTop marginBottom marginLeft marginRight padding paddingTop paddingBottom paddingLeft paddingRight
  overflow overflowX overflowY color backgroundColor background backgroundImage backgroundSize backgroundPosition
  backgroundRepeat backgroundAttachment border borderTop borderBottom borderLeft borderRight borderRadius
  borderTopLeftRadius borderTopRightRadius borderBottomLeftRadius borderBottomRightRadius borderColor borderWidth
  borderStyle textAlign fontSize fontWeight fontStyle fontFamily lineHeight letterSpacing textDecoration textTransform
  textOverflow whiteSpace wordBreak verticalAlign listStyle display position top right bottom left zIndex flex flexGrow
  flexShrink flexBasis flexDirection flexWrap justifyContent alignItems alignSelf alignContent order gap rowGap columnGap
  gridTemplateColumns gridTemplateRows gridTemplateAreas gridAutoColumns gridAutoRows gridAutoFlow gridColumn gridRow
  gridArea transform transformOrigin transition opacity cursor boxShadow outline outlineOffset visibility filter
  backdropFilter resize userSelect pointerEvents content aspectRatio objectFit`.split(/\s+/),
);

/** A CSS length that an app gave (a bare number is px), or another one when it is none. */
export function safeLength(length: Opt<string>, otherwise: string): string {
  const text = String(length ?? "").trim();
  if (/^(?:\d+(?:\.\d+)?|\.\d+)$/.test(text)) return `${text}px`;
  return /^(?:\d+(?:\.\d+)?|\.\d+)(?:px|r?em|ch|ex|vh|vw|vmin|vmax|%|pt|mm|cm|in)$/.test(text) ? text : otherwise;
}
