/** Colours for code. Each language loads by itself, when it is first seen. */
import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import type { LanguageFn } from "highlight.js";
import { createLowlight } from "lowlight";
import type { ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import { Part } from "../../ui/part";

/** Colouring more than this many characters would hold up the page. */
const LONGEST = 100_000;

type Load = () => Promise<{ default: LanguageFn }>;

/** The languages of the component model, by its names. Zig is missing: the library does not know it. */
const LANGUAGES: Record<string, Load> = {
  ada: () => import("highlight.js/lib/languages/ada"),
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  "c++": () => import("highlight.js/lib/languages/cpp"),
  clojure: () => import("highlight.js/lib/languages/clojure"),
  coffeescript: () => import("highlight.js/lib/languages/coffeescript"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  dart: () => import("highlight.js/lib/languages/dart"),
  django: () => import("highlight.js/lib/languages/django"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  dust: () => import("highlight.js/lib/languages/dust"),
  elixir: () => import("highlight.js/lib/languages/elixir"),
  elm: () => import("highlight.js/lib/languages/elm"),
  erlang: () => import("highlight.js/lib/languages/erlang"),
  go: () => import("highlight.js/lib/languages/go"),
  graphql: () => import("highlight.js/lib/languages/graphql"),
  haskell: () => import("highlight.js/lib/languages/haskell"),
  html: () => import("highlight.js/lib/languages/xml"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  jsx: () => import("highlight.js/lib/languages/javascript"),
  julia: () => import("highlight.js/lib/languages/julia"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  r: () => import("highlight.js/lib/languages/r"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  scss: () => import("highlight.js/lib/languages/scss"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

/** The coloured code, as soon as its language is there; null when there is nothing to colour. */
export async function highlight(code: string, lang: string): Promise<ReactNode | null> {
  const load = Object.hasOwn(LANGUAGES, lang) ? LANGUAGES[lang] : undefined;
  if (!load || code.length > LONGEST) return null;
  const { default: language } = await new Part(load).load();
  const tree = createLowlight({ [lang]: language }).highlight(lang, code);
  return toJsxRuntime(tree, { Fragment, jsx, jsxs });
}
