import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { imageSource, linkHref } from "../../model/links";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./markdown.module.css";

/** Text beyond this many characters is shown as it is: parsing it would hold up the page. */
const LONGEST = 200_000;

/** GitHub's Markdown. HTML in it is text; links open in a new tab; headings begin below the page's own. */
export function Markdown({ node }: ComponentProps<"display-markdown">) {
  const { properties, style } = node.model;
  const text = String(properties.markdown ?? "");
  return (
    <div className={styles.markdown} data-wide style={safeStyle(style)}>
      {text.length > LONGEST ? (
        <pre className={styles.plain}>{text}</pre>
      ) : (
        <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={safeUrl}>
          {text}
        </ReactMarkdown>
      )}
    </div>
  );
}

const PLUGINS = [remarkGfm];

function safeUrl(url: string, key: string): string | undefined {
  return (key === "src" ? imageSource(url, location.href) : linkHref(url, location.href)) ?? undefined;
}

const COMPONENTS: Components = {
  h1: ({ children }) => <h2 className={styles.h1}>{children}</h2>,
  h2: ({ children }) => <h3 className={styles.h2}>{children}</h3>,
  h3: ({ children }) => <h4 className={styles.h3}>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children, title }) =>
    href === undefined ? (
      <span>{children}</span>
    ) : (
      <a href={href} title={title} target="_blank" rel="noopener noreferrer">
        {children}
        <span className="visually-hidden"> (opens in a new tab)</span>
      </a>
    ),
  img: ({ src, alt, title }) =>
    src ? (
      <img src={src as string} alt={alt ?? ""} title={title} loading="lazy" referrerPolicy="no-referrer" />
    ) : (
      <span>{alt}</span>
    ),
  input: ({ checked }) => (
    <input type="checkbox" disabled defaultChecked={checked} aria-label={checked ? "done" : "to do"} />
  ),
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};
