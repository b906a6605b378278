import { describe, expect, it } from "vitest";
import { imageSource, linkHref } from "./links";

const base = "https://tools.example/app/1/home";

describe("links", () => {
  it.each([
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)//example.org",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.org/x",
    "view-source:https://example.org",
  ])("refuses %j", (href) => {
    const link = linkHref(href, base);
    expect(link === null || link.startsWith("https://")).toBe(true);
    const image = imageSource(href, base);
    expect(image === null || image.startsWith("https://")).toBe(true);
  });

  it("keeps relative links on the page's own origin", () => {
    expect(linkHref("/app/1/other", base)).toBe("https://tools.example/app/1/other");
    expect(linkHref("#part", base)).toBe("https://tools.example/app/1/home#part");
  });
});

describe("image sources", () => {
  it("takes image data and web addresses", () => {
    expect(imageSource("data:image/png;base64,AAAA", base)).toBe("data:image/png;base64,AAAA");
    expect(imageSource("https://example.org/a.png", base)).toBe("https://example.org/a.png");
  });

  it("refuses other data", () => {
    expect(imageSource("data:text/html,hi", base)).toBeNull();
    expect(imageSource("data:image/pngx,hi", base)).toBeNull();
  });
});
