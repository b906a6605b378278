import type { ComponentType as Shown } from "react";
import type { Models } from "../model/types";
import { Text } from "./display/Text";
import { Stack } from "./layout/Stack";
import type { ComponentProps } from "./Render";

type Registry = { [T in keyof Models]?: Shown<ComponentProps<T>> };

/**
 * Type code → component. Small and common ones directly; what is heavy with `lazy(() => import(…))`.
 * A code that is not here shows a placeholder. `display-none` and `page-confirm` never come here.
 */
export const registry: Registry = {
  "display-text": Text,
  "layout-stack": Stack,
};
