/** The page of a run as a whole: which renders and modals it has, its settings, what it is busy with, what it asks. */
import type { LoadingProperties, PageConfig } from "../protocol/events";
import type { RenderState } from "./render";
import { topic } from "./topic";
import type { Topics } from "./topics";
import type { ConfirmProperties, Opt } from "./types";

export interface Loading {
  text: string;
  disableInteraction: boolean;
}
export interface Confirm extends ConfirmProperties {
  id: string;
}

/** What the page as a whole shows. Immutable. */
export interface PageState {
  /** Ids of renders in the page, by position. */
  renderIds: string[];
  /** Ids of open modals, the newest last. */
  modalIds: string[];
  config: PageConfig;
  loading: Loading | null;
  confirm: Confirm | null;
  /** True once the first render or config has come. */
  started: boolean;
}

export class Page {
  state: PageState = {
    renderIds: [],
    modalIds: [],
    config: {},
    loading: null,
    confirm: null,
    started: false,
  };

  constructor(private readonly topics: Topics) {}

  /** `now`: the user did it, so it is on the screen before the next frame. */
  change(change: Partial<PageState>, now = false): void {
    this.state = { ...this.state, ...change };
    if (now) this.topics.now(topic.page);
    else this.topics.later(topic.page);
  }

  place(renders: Iterable<RenderState>): void {
    const sorted = [...renders].sort((a, b) => a.idx - b.idx);
    this.change({
      started: true,
      renderIds: sorted.filter((render) => !render.modal).map((render) => render.renderId),
      modalIds: sorted.filter((render) => render.modal).map((render) => render.renderId),
    });
  }

  /** Settings that are absent stay as they were. */
  configure(config: PageConfig): void {
    const told = Object.entries(config).filter(([, value]) => value !== null && value !== undefined);
    this.change({ config: { ...this.state.config, ...Object.fromEntries(told) } });
  }

  setLoading(value: boolean, properties: Opt<LoadingProperties>): void {
    if (!value) {
      this.change({ loading: null });
      return;
    }
    const before = this.state.loading ?? { text: "Loading…", disableInteraction: false };
    this.change({
      loading: {
        text: properties?.text ?? before.text,
        disableInteraction: properties?.disableInteraction ?? before.disableInteraction,
      },
    });
  }
}
