/** Addresses that apps supply. They are untrusted: only a few schemes may reach an `href` or a `src`. */

const OPENABLE = new Set(["http:", "https:", "mailto:", "tel:"]);

/**
 * The address for a link inside app-supplied text (Markdown). A text without a scheme is
 * relative to `base`, as in any page. Null when the scheme is another one.
 */
export function linkHref(href: string, base: string): string | null {
  return URL.canParse(href, base) ? allowed(new URL(href, base)) : null;
}

function allowed(url: URL): string | null {
  return OPENABLE.has(url.protocol) ? url.href : null;
}

const IMAGE_DATA = /^data:image\/(?:png|jpeg|jpg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon|svg\+xml)[;,]/i;

/**
 * The source for an app-supplied image, or null. Data URIs of image types, http and https; an image element runs no
 * script, SVG included.
 */
export function imageSource(src: string, base: string): string | null {
  const trimmed = src.trim();
  if (IMAGE_DATA.test(trimmed)) return trimmed;
  if (!URL.canParse(trimmed, base)) return null;
  const url = new URL(trimmed, base);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}
