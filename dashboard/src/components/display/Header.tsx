import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./header.module.css";

/** The page has the app's name as its first-level heading, so an app's own begin at the second. */
const LEVEL = { xl: "h2", lg: "h2", md: "h2", sm: "h3", xs: "h4" } as const;

export function Header({ node }: ComponentProps<"display-header">) {
  const { properties, style } = node.model;
  const size = properties.size && Object.hasOwn(LEVEL, properties.size) ? properties.size : "md";
  const Heading = LEVEL[size];
  return (
    <Heading
      className={styles.header}
      data-size={size}
      data-color={properties.color ?? undefined}
      style={safeStyle(style)}
    >
      {properties.text}
    </Heading>
  );
}
