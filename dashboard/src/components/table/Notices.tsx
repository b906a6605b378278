import { Button, ProgressBar } from "react-aria-components";
import buttons from "./buttons.module.css";
import controls from "./controls.module.css";
import { rowsText } from "./menus";
import notice from "./notice.module.css";
import type { WalkProgress } from "./walk";

/** All pages are being fetched for a file. */
export function ExportNotice({ progress, onCancel }: { progress: WalkProgress; onCancel(): void }) {
  const { rows, total } = progress;
  return (
    <div className={notice.notice} data-screen-only>
      <ProgressBar
        aria-label="Export"
        className={notice.export}
        isIndeterminate={total === null}
        value={total ? Math.min(100, (100 * rows) / total) : 0}
      >
        {({ percentage, isIndeterminate }) => (
          <div className={notice.bar}>
            <div style={{ width: isIndeterminate ? "40%" : `${percentage ?? 0}%` }} />
          </div>
        )}
      </ProgressBar>
      <span>
        {total === null ? `${rowsText(rows)} fetched` : `${rows.toLocaleString("en-US")} of ${rowsText(total)} fetched`}
      </span>
      <Button className={buttons.quiet} onPress={onCancel}>
        Cancel export
      </Button>
    </div>
  );
}

/** The rows did not come. What was there stays. */
export function FailedNotice({
  reason,
  isDisabled,
  onRetry,
}: {
  reason: string;
  isDisabled: boolean;
  onRetry(): void;
}) {
  return (
    <div className={notice.notice} data-kind="failed" role="alert">
      <span>The rows could not be loaded. {shortReason(reason)}</span>
      <Button className={buttons.tool} isDisabled={isDisabled} onPress={onRetry}>
        Try again
      </Button>
    </div>
  );
}

/** The first line of an error, with the next one where the first only announces it. */
export function shortReason(reason: string): string {
  const [first = "", next] = reason.split("\n").filter((line) => line.trim() !== "");
  return first.trimEnd().endsWith(":") && next ? `${first.trim()} ${next.trim()}` : first.trim();
}

/** How many rows are selected, also those that are not in sight. */
export function SelectionNotice({
  count,
  inSight,
  onCopy,
  onClear,
}: {
  count: number;
  inSight: number;
  onCopy(): void;
  onClear(): void;
}) {
  const away = count - inSight;
  return (
    <div className={notice.notice} data-kind="selected" data-screen-only>
      <span>
        {`${rowsText(count)} selected`}
        {away > 0 && `, ${away === count ? "none" : `${inSight.toLocaleString("en-US")}`} of them shown here`}
      </span>
      <span className={controls.row}>
        {inSight > 0 && (
          <Button className={buttons.quiet} onPress={onCopy}>
            Copy
          </Button>
        )}
        <Button className={buttons.quiet} onPress={onClear}>
          Clear selection
        </Button>
      </span>
    </div>
  );
}

const LINES = [0, 1, 2, 3, 4, 5, 6, 7];

/** In place of rows that have never been there. */
export function WaitingRows({ height }: { height: number }) {
  return (
    <div className={notice.skeleton} aria-busy="true">
      {LINES.map((line) => (
        <div key={line} style={{ height }}>
          <span style={{ width: `${30 + ((line * 37) % 45)}%` }} />
        </div>
      ))}
    </div>
  );
}
