import { lazy, type ComponentType as Shown } from "react";
import type { Models } from "../model/types";
import { AppButton } from "./button/AppButton";
import { Divider } from "./display/Divider";
import { Header } from "./display/Header";
import { Image } from "./display/Image";
import { SpinnerDisplay } from "./display/SpinnerDisplay";
import { Statistic } from "./display/Statistic";
import { Text } from "./display/Text";
import { Checkbox } from "./input/Checkbox";
import { NumberInput } from "./input/NumberInput";
import { TextAreaInput } from "./input/TextAreaInput";
import { TextInput } from "./input/TextInput";
import { Form } from "./layout/Form";
import { Stack } from "./layout/Stack";
import type { ComponentProps } from "./Render";

type Registry = { [T in keyof Models]?: Shown<ComponentProps<T>> };

/**
 * Type code → component. Small and common ones directly; what is heavy with `lazy(() => import(…))`.
 * A code that is not here shows a placeholder. `display-none` and `page-confirm` never come here.
 */
export const registry: Registry = {
  "input-text": TextInput,
  "input-email": TextInput,
  "input-url": TextInput,
  "input-password": TextInput,
  "input-number": NumberInput,
  "input-text-area": TextAreaInput,
  ij: lazy(() => import("./input/JsonInput").then((m) => ({ default: m.JsonInput }))),
  "input-date": lazy(() => import("./input/DateInput").then((m) => ({ default: m.DateInput }))),
  "input-time": lazy(() => import("./input/TimeInput").then((m) => ({ default: m.TimeInput }))),
  "input-date-time": lazy(() => import("./input/DateInput").then((m) => ({ default: m.DateInput }))),
  "input-radio-group": lazy(() => import("./input/RadioInput").then((m) => ({ default: m.RadioInput }))),
  "input-select-dropdown-single": lazy(() => import("./input/SelectInput").then((m) => ({ default: m.SelectInput }))),
  "input-select-dropdown-multi": lazy(() =>
    import("./input/MultiSelectInput").then((m) => ({ default: m.MultiSelectInput })),
  ),
  "input-checkbox": Checkbox,
  "input-file-drop": lazy(() => import("./input/FileDrop").then((m) => ({ default: m.FileDrop }))),
  "input-table": lazy(() => import("./table/Table").then((m) => ({ default: m.Table }))),
  "btn-bar-chart": lazy(() => import("./chart/BarChart").then((m) => ({ default: m.BarChart }))),
  "button-default": AppButton,
  "button-form-submit": AppButton,
  "layout-stack": Stack,
  "layout-form": Form,
  "display-text": Text,
  "display-header": Header,
  "display-markdown": lazy(() => import("./display/Markdown").then((m) => ({ default: m.Markdown }))),
  "display-code": lazy(() => import("./display/Code").then((m) => ({ default: m.Code }))),
  "display-json": lazy(() => import("./display/JsonDisplay").then((m) => ({ default: m.JsonDisplay }))),
  "display-image": Image,
  "display-pdf": lazy(() => import("./display/Pdf").then((m) => ({ default: m.Pdf }))),
  "display-spinner": SpinnerDisplay,
  dd: Divider,
  ds: Statistic,
};
