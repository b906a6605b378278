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

function harmless(name: string, value: string): boolean {
  const text = value.replace(/\/\*[\s\S]*?\*\//g, "").toLowerCase();
  if (/expression\s*\(|-moz-binding|@import|javascript:|[\\<>]/.test(text)) return false;
  if (name === "position") return !/fixed|sticky/.test(text);
  for (const [, address = ""] of text.matchAll(/(?:url|image-set|image|src)\s*\(\s*["']?([^"')]*)/g)) {
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
