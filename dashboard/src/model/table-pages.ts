/** Pages of tables whose rows come from the app: asked for, waited for, shown, failed. */
import type { PageQuery, SdkEvent, Stale } from "../protocol/events";
import type { Renders } from "./renders";
import { answers } from "./table/paging";
import type { Waits } from "./waits";

export class TablePages {
  constructor(
    private readonly renders: Renders,
    private readonly waits: Waits,
  ) {}

  /** The user has asked for a page. The table is busy until it comes. */
  ask(renderId: string, id: string, query: PageQuery): void {
    this.renders.changeTable(renderId, id, { stale: "UPDATE_DISABLED", asked: query, failed: null }, "now");
    this.waitFor(renderId, id);
  }

  /** A page has come. */
  take({ type: _, renderId, componentId, stale, ...page }: Extract<SdkEvent, { type: "bj" }>): void {
    const table = this.renders.table(renderId, componentId);
    if (!table) return;
    // Answers can overtake each other: while one is waited for, only that one counts.
    if (table.asked && this.waits.has(renderId, componentId) && !answers(table.asked, page)) return;
    this.waits.end(renderId, componentId);
    const pageSize = table.asked?.pageSize ?? table.page.pageSize;
    const change = { page: { ...table.page, ...page, pageSize }, stale: stale ?? false, asked: null, failed: null };
    this.renders.changeTable(renderId, componentId, change, "later");
  }

  /** What the app says of a table's rows. A quiet refresh does not end the wait for a page that was asked for. */
  setStale(renderId: string, id: string, stale: Stale): void {
    if (stale === "UPDATE_NOT_DISABLED" && this.waits.has(renderId, id)) return;
    this.renders.changeTable(renderId, id, { stale }, "later");
    if (stale === false) this.waits.end(renderId, id);
    else this.waitFor(renderId, id);
  }

  /** Tables of a new render whose first page has not come yet. */
  waitForFirst(renderId: string): void {
    for (const [id, table] of this.renders.get(renderId)?.tables ?? []) {
      if (table.stale !== false) this.waitFor(renderId, id);
    }
  }

  /** The page that is waited for does not come. */
  fail(renderId: string, id: string, reason: string): void {
    const table = this.renders.table(renderId, id);
    if (table && table.stale !== false) {
      this.renders.changeTable(renderId, id, { stale: false, failed: reason }, "later");
    }
  }

  failAll(reason: string): void {
    for (const [renderId, { tables }] of this.renders.all) {
      for (const id of tables.keys()) this.fail(renderId, id, reason);
    }
  }

  private waitFor(renderId: string, id: string): void {
    this.waits.start(renderId, id, () => this.fail(renderId, id, "No answer from the app for 30 seconds."));
  }
}
