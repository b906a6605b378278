/**
 * The component model: what an SDK sends to be shown. Keys and codes are the wire's own.
 * An absent key, `undefined` and `null` mean the same everywhere except in table cells and JSON, hence {@link Opt}.
 */

export type Opt<T> = T | null | undefined;

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The author's CSS, camelCase; numbers are px. Pass it through `safeStyle` before it reaches an element. */
export type StyleMap = Record<string, string | number | null | undefined>;

export type InteractionType = "input" | "button" | "display" | "layout" | "page";

export interface BaseModel<P> {
  id: string;
  style?: Opt<StyleMap>;
  properties: P;
}

export interface InputModel<P> extends BaseModel<P> {
  label?: Opt<string>;
  description?: Opt<string>;
  required?: Opt<boolean>;
  hasValidateHook?: Opt<boolean>;
}

export interface LayoutModel<P> extends BaseModel<P> {
  /** Ids. On the wire a render nests components here; the store flattens them. */
  children: string[];
  direction?: Opt<"vertical" | "vertical-reverse" | "horizontal" | "horizontal-reverse">;
  justify?: Opt<"start" | "end" | "center" | "between" | "around" | "evenly">;
  align?: Opt<"start" | "end" | "center" | "baseline" | "stretch">;
  /** CSS length, default 16px. */
  spacing?: Opt<string>;
  appearance?: Opt<"default" | "card">;
  responsive?: Opt<boolean>;
}

// Inputs

export interface TextProperties {
  initialValue?: Opt<string>;
  hasOnEnterHook?: Opt<boolean>;
}
export interface NumberProperties {
  initialValue?: Opt<number>;
  hasOnEnterHook?: Opt<boolean>;
}
export interface JsonInputProperties {
  initialValue?: Opt<Json>;
  hasOnEnterHook?: Opt<boolean>;
}

export interface DateValue {
  year: number;
  /** 1–12 */
  month: number;
  day: number;
}
export interface TimeValue {
  /** 0–23 */
  hour: number;
  minute: number;
}
export type DateTimeValue = DateValue & TimeValue;

export interface TemporalProperties<V> {
  initialValue?: Opt<V>;
  min?: Opt<V>;
  max?: Opt<V>;
  hasOnEnterHook?: Opt<boolean>;
}

/** As sent: a bare primitive (its text is the label) or an object. `optionsOf` in `values.ts` makes them alike. */
export type WireOption = Json | { value: Json; label: string; description?: Opt<string> };
export interface Option {
  value: Json;
  label: string;
  description?: string;
}

export interface SingleChoiceProperties {
  options: WireOption[];
  initialValue?: Opt<Json>;
  hasOnSelectHook?: Opt<boolean>;
}
export interface MultiChoiceProperties {
  options: WireOption[];
  initialValue?: Opt<Json[]>;
  minSelections?: Opt<number>;
  maxSelections?: Opt<number>;
  hasOnSelectHook?: Opt<boolean>;
}
export interface CheckboxProperties {
  initialValue?: Opt<boolean>;
  hasOnSelectHook?: Opt<boolean>;
}
export interface FileDropProperties {
  acceptedFileTypes?: Opt<string[]>;
  minCount?: Opt<number>;
  maxCount?: Opt<number>;
  hasOnFileChangeHook?: Opt<boolean>;
}

// Tables

export type Row = Record<string, Json | undefined>;
/** The original JSON type matters: 1 and "1" are two rows. */
export type RowId = string | number;

export type TagColor = "red" | "orange" | "yellow" | "green" | "blue" | "purple" | "pink" | "gray" | "brown";
export type ColumnFormat = "date" | "datetime" | "number" | "currency" | "boolean" | "tag" | "json" | "string";
export type Overflow = "ellipsis" | "clip" | "dynamic";
export type Density = "compact" | "standard" | "comfortable";

export interface WireColumn {
  key: string;
  /** The author's name for it; absent in uncompressed tables. */
  original?: Opt<string>;
  label?: Opt<string>;
  format?: Opt<ColumnFormat>;
  width?: Opt<string>;
  hidden?: Opt<boolean>;
  pinned?: Opt<"left" | "right" | false>;
  overflow?: Opt<Overflow>;
  tagColors?: Opt<Record<string, Json>>;
}

export interface SortRule {
  /** Public (original) column name. */
  key: string;
  direction: "asc" | "desc";
}
export type FilterOperator =
  | "is"
  | "isNot"
  | "includes"
  | "notIncludes"
  | "greaterThan"
  | "greaterThanOrEqual"
  | "lessThan"
  | "lessThanOrEqual"
  | "isEmpty"
  | "isNotEmpty"
  | "hasAny"
  | "notHasAny"
  | "hasAll"
  | "notHasAll";
export interface FilterRule {
  key: string;
  operator: FilterOperator;
  value: Json;
}
export interface FilterGroup {
  logicOperator: "and" | "or";
  filters: Filter[];
}
export type Filter = FilterRule | FilterGroup;

export interface TableView {
  key: string;
  label: string;
  description?: Opt<string>;
  isDefault?: Opt<boolean>;
  filterBy?: Opt<Filter>;
  sortBy?: Opt<SortRule[]>;
  searchQuery?: Opt<string>;
  density?: Opt<Density>;
  overflow?: Opt<Overflow>;
  columns?: Opt<Record<string, { pinned?: Opt<"left" | "right" | false>; hidden?: Opt<boolean> }>>;
}

export type ButtonAppearance = "primary" | "outline" | "warning" | "danger";

export interface RowAction {
  label: string;
  surface?: Opt<boolean>;
  appearance?: Opt<ButtonAppearance>;
}

export interface TableProperties {
  data: Row[];
  columns?: Opt<(WireColumn | string)[]>;
  actions?: Opt<RowAction[]>;
  allowSelect?: Opt<boolean>;
  initialSelectedRows?: Opt<RowId[]>;
  minSelections?: Opt<number>;
  maxSelections?: Opt<number>;
  hasOnSelectHook?: Opt<boolean>;
  /** 1: selection goes as rows; 2: as row ids; 3: current defaults. */
  v?: Opt<number>;
  primaryKey?: Opt<string>;
  selectMode?: Opt<"id" | "index">;
  overflow?: Opt<Overflow>;
  density?: Opt<Density>;
  notSearchable?: Opt<boolean>;
  sortable?: Opt<"single" | boolean>;
  filterable?: Opt<boolean>;
  views?: Opt<TableView[]>;
  paged?: Opt<boolean>;
  totalRecords?: Opt<number>;
  offset?: Opt<number>;
  pageSize?: Opt<number>;
  searchQuery?: Opt<string>;
  sortBy?: Opt<SortRule[]>;
  filterBy?: Opt<Filter>;
  viewBy?: Opt<string>;
}

// Buttons, layout

export interface ButtonProperties {
  label?: Opt<string>;
  hasOnClickHook?: Opt<boolean>;
  appearance?: Opt<ButtonAppearance>;
}
export interface FormProperties {
  hasOnSubmitHook?: Opt<boolean>;
  hasValidateHook?: Opt<boolean>;
  clearOnSubmit?: Opt<boolean>;
  hideSubmitButton?: Opt<boolean>;
}

// Display

export type TextColor = "text" | "text-secondary" | "primary" | "background" | "warning" | "danger" | "success";
export type Size = "xs" | "sm" | "md" | "lg" | "xl";
/** A nested text component, exactly as on the wire; it is not a node of its own. */
export interface InlineText {
  type: "display-text";
  model: BaseModel<TextDisplayProperties>;
}
export type TextContent = string | number | InlineText | TextContent[];
export interface TextDisplayProperties {
  text: TextContent;
  color?: Opt<TextColor>;
  size?: Opt<Size>;
}
export interface HeaderProperties {
  text: string;
  color?: Opt<TextColor>;
  size?: Opt<Size>;
}
export interface MarkdownProperties {
  markdown: string;
}
export interface CodeProperties {
  code: string;
  label?: Opt<string>;
  description?: Opt<string>;
  lang?: Opt<string>;
}
export interface JsonDisplayProperties {
  json: Json;
  label?: Opt<string>;
  description?: Opt<string>;
}
export interface ImageProperties {
  src: string;
}
export interface PdfAnnotation {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  appearance?: Opt<"highlight" | "box">;
  label?: Opt<string>;
  page?: Opt<number>;
  color?: Opt<"blue" | "yellow" | "green" | "red" | "purple" | "orange" | "gray">;
}
export interface PdfProperties {
  base64: string;
  label?: Opt<string>;
  description?: Opt<string>;
  scroll?: Opt<"vertical" | "horizontal">;
  annotations?: Opt<PdfAnnotation[]>;
}
export interface SpinnerProperties {
  text?: Opt<string>;
}
export interface DividerProperties {
  orientation?: Opt<"horizontal" | "vertical">;
  thickness?: Opt<"thin" | "medium" | "thick">;
}
export type StatisticFormat = "standard" | "currency" | "percent";
export interface StatisticProperties {
  label: string;
  value: number | string;
  description?: Opt<string>;
  format?: Opt<StatisticFormat>;
  decimals?: Opt<number>;
  prefix?: Opt<string>;
  suffix?: Opt<string>;
  delta?: Opt<number | string>;
  deltaFormat?: Opt<StatisticFormat>;
  deltaDecimals?: Opt<number>;
  isPositiveDelta?: Opt<boolean>;
  labelColor?: Opt<TextColor>;
  valueColor?: Opt<TextColor>;
  descriptionColor?: Opt<TextColor>;
}

// Charts

export interface BarChartProperties {
  /** `"_c*id_"` names the group; the other keys of the first row are the series. */
  data: Record<string, Json | undefined>[];
  label?: Opt<string>;
  description?: Opt<string>;
  orientation?: Opt<"vertical" | "horizontal">;
  groupMode?: Opt<"stacked" | "grouped">;
  scale?: Opt<"linear" | "symlog">;
}
export interface LineChartProperties {
  data?: Opt<Json>;
  label?: Opt<string>;
  description?: Opt<string>;
}

// Page

export interface ConfirmProperties {
  title?: Opt<string>;
  message?: Opt<string>;
  typeToConfirmText?: Opt<string>;
  confirmButtonLabel?: Opt<string>;
  cancelButtonLabel?: Opt<string>;
  appearance?: Opt<ButtonAppearance>;
}

/** All type codes and the model of each. */
export interface Models {
  "input-text": InputModel<TextProperties>;
  "input-email": InputModel<TextProperties>;
  "input-url": InputModel<TextProperties>;
  "input-password": InputModel<TextProperties>;
  "input-number": InputModel<NumberProperties>;
  "input-text-area": InputModel<TextProperties>;
  ij: InputModel<JsonInputProperties>;
  "input-date": InputModel<TemporalProperties<DateValue>>;
  "input-time": InputModel<TemporalProperties<TimeValue>>;
  "input-date-time": InputModel<TemporalProperties<DateTimeValue>>;
  "input-radio-group": InputModel<SingleChoiceProperties>;
  "input-select-dropdown-single": InputModel<SingleChoiceProperties>;
  "input-select-dropdown-multi": InputModel<MultiChoiceProperties>;
  "input-checkbox": InputModel<CheckboxProperties>;
  "input-file-drop": InputModel<FileDropProperties>;
  "input-table": InputModel<TableProperties>;
  "button-default": BaseModel<ButtonProperties>;
  "button-form-submit": BaseModel<ButtonProperties>;
  "layout-stack": LayoutModel<Record<string, never>>;
  "layout-form": LayoutModel<FormProperties>;
  "display-text": BaseModel<TextDisplayProperties>;
  "display-header": BaseModel<HeaderProperties>;
  "display-markdown": BaseModel<MarkdownProperties>;
  "display-code": BaseModel<CodeProperties>;
  "display-json": BaseModel<JsonDisplayProperties>;
  "display-image": BaseModel<ImageProperties>;
  "display-pdf": BaseModel<PdfProperties>;
  "display-spinner": BaseModel<SpinnerProperties>;
  dd: BaseModel<DividerProperties>;
  ds: BaseModel<StatisticProperties>;
  "display-none": BaseModel<Record<string, never>>;
  "btn-bar-chart": BaseModel<BarChartProperties>;
  "btn-line-chart": BaseModel<LineChartProperties>;
  /** Never in a render tree: it comes with a CONFIRM event. */
  "page-confirm": BaseModel<ConfirmProperties>;
}

export type ComponentType = keyof Models;

/** A file that the user chose; the bytes are read when they are sent. */
export interface ChosenFile {
  /** Ours, for lists and removal; every upload gets a new `fileId`. */
  key: string;
  file: File;
}

/**
 * What an input holds in the browser while it is edited. `wireValue` in `values.ts` makes of it what is sent.
 * Text kinds, number and JSON hold the text as typed ("" is empty).
 */
export interface InputValues {
  "input-text": string;
  "input-email": string;
  "input-url": string;
  "input-password": string;
  "input-number": string;
  "input-text-area": string;
  ij: string;
  "input-date": DateValue | null;
  "input-time": TimeValue | null;
  "input-date-time": DateTimeValue | null;
  "input-radio-group": Json;
  "input-select-dropdown-single": Json;
  "input-select-dropdown-multi": Json[];
  "input-checkbox": boolean;
  "input-file-drop": ChosenFile[];
  "input-table": RowId[];
}

export type InputType = keyof InputValues;

/** One component of a render, flat. */
export interface ComponentNode<T extends ComponentType = ComponentType> {
  type: T;
  interactionType: InteractionType;
  model: Models[T];
  /** The enclosing form, or null. A form's own formId is itself. */
  formId: string | null;
}

/** A component as it arrives: children nested, one component or a list. */
export interface WireComponent {
  type: string;
  interactionType: InteractionType;
  model: { id: string; children?: WireComponent | WireComponent[] | null; [key: string]: unknown };
}
