import type { ComponentType as Shown } from "react";
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
import { Late } from "./late";
import { Form } from "./layout/Form";
import { Stack } from "./layout/Stack";
import type { ComponentProps } from "./Render";

type Registry = { [T in keyof Models]?: Shown<ComponentProps<T>> | Late<T> };

/**
 * Type code → component. Small and common ones directly; what is heavy with `new Late(() => import(…))`.
 * A code that is not here shows a placeholder. `display-none` and `page-confirm` never come here.
 */
export const registry: Registry = {
  "input-text": TextInput,
  "input-email": TextInput,
  "input-url": TextInput,
  "input-password": TextInput,
  "input-number": NumberInput,
  "input-text-area": TextAreaInput,
  ij: new Late(() => import("./input/JsonInput").then((m) => m.JsonInput)),
  "input-date": new Late(() => import("./input/DateInput").then((m) => m.DateInput)),
  "input-time": new Late(() => import("./input/TimeInput").then((m) => m.TimeInput)),
  "input-date-time": new Late(() => import("./input/DateInput").then((m) => m.DateInput)),
  "input-radio-group": new Late(() => import("./input/RadioInput").then((m) => m.RadioInput)),
  "input-select-dropdown-single": new Late(() => import("./input/SelectInput").then((m) => m.SelectInput)),
  "input-select-dropdown-multi": new Late(() => import("./input/MultiSelectInput").then((m) => m.MultiSelectInput)),
  "input-checkbox": Checkbox,
  "input-file-drop": new Late(() => import("./input/FileDrop").then((m) => m.FileDrop)),
  "input-table": new Late(() => import("./table/Table").then((m) => m.Table)),
  "btn-bar-chart": new Late(() => import("./chart/BarChart").then((m) => m.BarChart)),
  "button-default": AppButton,
  "button-form-submit": AppButton,
  "layout-stack": Stack,
  "layout-form": Form,
  "display-text": Text,
  "display-header": Header,
  "display-markdown": new Late(() => import("./display/Markdown").then((m) => m.Markdown)),
  "display-code": new Late(() => import("./display/Code").then((m) => m.Code)),
  "display-json": new Late(() => import("./display/JsonDisplay").then((m) => m.JsonDisplay)),
  "display-image": Image,
  "display-pdf": new Late(() => import("./display/Pdf").then((m) => m.Pdf)),
  "display-spinner": SpinnerDisplay,
  dd: Divider,
  ds: Statistic,
};
