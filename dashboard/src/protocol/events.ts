/** What travels between the browser, the server and an SDK, as decoded values. Codes and keys are the wire's own. */
import type { Filter, Json, Opt, Row, SortRule, WireComponent } from "../model/types";

/** From an SDK of 0.25.8 or later; older codes are translated while decoding. */
export type SdkEvent =
  | { type: "au"; errorMessage: string; severity?: Opt<"error" | "warning" | "info"> }
  | {
      type: "av";
      renderId: string;
      ui: WireComponent;
      idx?: Opt<number>;
      appearance?: Opt<"default" | "modal">;
      modalHeader?: Opt<string>;
      modalWidth?: Opt<ModalWidth>;
    }
  | { type: "bf"; diff: Record<string, RenderDiff>; v?: Opt<1 | 2> }
  | { type: "ax"; config: PageConfig }
  | { type: "ay"; exists: boolean }
  | { type: "az"; renderId: string; componentId: string; error: Opt<string> }
  | {
      type: "aw";
      renderId: string;
      formComponentId: string;
      inputComponentErrors: Opt<Record<string, string>>;
      formError: Opt<string>;
    }
  | { type: "bb"; renderId: string; formComponentId: string }
  | { type: "bl"; name: string; id: string; bytes: Uint8Array }
  | { type: "ba"; appRouteOrUrl: string; newTab?: Opt<boolean>; params?: Opt<Params> }
  | { type: "bc" }
  | { type: "bd"; component: WireComponent }
  | { type: "be"; message: string; options?: Opt<ToastOptions> }
  | { type: "bg"; inputs: Record<string, Json> }
  | { type: "bh"; renderId: string }
  | { type: "bi"; value: boolean; properties?: Opt<LoadingProperties> }
  | ({ type: "bj"; renderId: string; componentId: string } & TablePage)
  | { type: "bk"; renderId: string; componentId: string; stale: Stale };

/** Made by the server for the browser. */
export type ServerEvent =
  | {
      type: "11";
      environmentId: string;
      isOnline: boolean;
      packageName?: Opt<string>;
      packageVersion?: Opt<string>;
      message?: Opt<string>;
    }
  | { type: "12"; connections: Record<string, boolean> }
  | { type: "14"; environmentId: string };

export type ModalWidth = "sm" | "md" | "lg" | "xl" | "2xl";
export type Params = Record<string, string | number | boolean>;
export type Stale = false | "INITIALLY_STALE" | "UPDATE_DISABLED" | "UPDATE_NOT_DISABLED";

export interface PageConfig {
  width?: Opt<string>;
  paddingX?: Opt<string>;
  paddingY?: Opt<string>;
  paddingTop?: Opt<string>;
  paddingBottom?: Opt<string>;
  paddingLeft?: Opt<string>;
  paddingRight?: Opt<string>;
  spacingY?: Opt<string>;
}
export interface ToastOptions {
  title?: Opt<string>;
  appearance?: Opt<"info" | "success" | "warning" | "error">;
  duration?: Opt<"shortest" | "short" | "medium" | "long" | "longest" | "infinite">;
}
export interface LoadingProperties {
  text?: Opt<string>;
  disableInteraction?: Opt<boolean>;
}
export interface TablePage {
  data: Row[];
  totalRecords: Opt<number>;
  offset: number;
  searchQuery?: Opt<string>;
  sortBy?: Opt<SortRule[]>;
  filterBy?: Opt<Filter>;
  viewBy?: Opt<string>;
  stale?: Opt<Stale>;
}
/** One render's change (CM 7.3). Update models have no `id`, their `children` are ids. */
export interface RenderDiff {
  renderId?: string;
  rootId: string;
  delete?: Opt<string[]>;
  add?: Opt<Record<string, WireComponent>>;
  update?: Opt<Record<string, Record<string, unknown>>>;
  metadata?: Opt<Record<string, { formId?: Opt<string> }>>;
}

/** What the browser sends, without the header and the `executionId` that the client adds. */
export type BrowserEvent =
  | { type: "aa"; appRoute: string; sessionId: string; params: Params }
  | { type: "ab"; renderId: string; componentId: string }
  | { type: "ac"; renderId: string; formComponentId: string; formData: Record<string, Json> }
  | { type: "ae"; sessionId: string }
  | { type: "af"; renderId: string; componentId: string; value: Json }
  | { type: "ag"; renderId: string; componentId: string; value: Json }
  | { type: "ah"; renderId: string; componentId: string; value: Json }
  | { type: "ai"; renderId: string; componentId: string; actionIdx: number; value: number }
  | { type: "aj"; componentId: string; response: boolean }
  | { type: "ak"; sessionId: string }
  | { type: "al"; renderId: string }
  | ({ type: "am"; renderId: string; componentId: string } & PageQuery);

/** The whole state of a paged table, sent at each change of it. */
export interface PageQuery {
  offset: number;
  pageSize: number;
  searchQuery: string | null;
  sortBy: SortRule[];
  filterBy: Filter | null;
  viewBy?: string | null;
}

/** A file whose bytes go before the event that names it. */
export interface Upload {
  fileId: string;
  file: Blob;
}
