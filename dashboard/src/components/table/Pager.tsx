import { useState } from "react";
import { Button, Group, Input, TextField } from "react-aria-components";
import { offsetOf, PAGE_SIZES, pageInfo } from "../../model/table/paging";
import type { PageQuery } from "../../protocol/events";
import { Icon, type IconName } from "../../ui/Icon";
import buttons from "./buttons.module.css";
import controls from "./controls.module.css";
import { Pick } from "./Pick";
import pager from "./pager.module.css";

const figure = (number: number) => number.toLocaleString("en-US");

/** "101–200 of 230" */
export function rangeText(query: Pick<PageQuery, "offset" | "pageSize">, rows: number, total: number | null): string {
  const { from, to } = pageInfo(query, rows, total);
  const range = rows === 0 ? "No rows" : `Rows ${figure(from)}–${figure(to)}`;
  return total === null || total === 0 ? range : `${range} of ${figure(total)}`;
}

/** From page to page, and how many rows one has. */
export function Pager({
  query,
  rows,
  total,
  isDisabled,
  onOffset,
  onPageSize,
}: {
  /** What is shown or asked for. */
  query: PageQuery;
  /** On the page that is shown. */
  rows: number;
  /** Null when unknown: then there is no last page. */
  total: number | null;
  isDisabled: boolean;
  onOffset(offset: number): void;
  onPageSize(size: number): void;
}) {
  const info = pageInfo(query, rows, total);
  const sizes = [...new Set([...PAGE_SIZES, query.pageSize])].sort((a, b) => a - b);
  const go = (page: number) => onOffset(offsetOf(page, query, info.pages));
  return (
    <Group className={pager.pager} aria-label="Pages" data-screen-only>
      <Pick
        label="Rows per page"
        value={String(query.pageSize)}
        options={sizes.map((size) => ({ id: String(size), text: `${size} rows` }))}
        isDisabled={isDisabled}
        onChange={(size) => onPageSize(Number(size))}
      />
      <Turn to="First page" icon="first" can={!isDisabled && info.hasPrevious} onTurn={() => go(1)} />
      <Turn
        to="Previous page"
        icon="chevronLeft"
        can={!isDisabled && info.hasPrevious}
        onTurn={() => go(info.page - 1)}
      />
      <PageNumber page={info.page} pages={info.pages} isDisabled={isDisabled} onGo={go} />
      <Turn
        to="Next page"
        icon="chevronRight"
        can={!isDisabled && info.hasNext}
        onTurn={() => onOffset(query.offset + query.pageSize)}
      />
      {info.pages !== null && (
        <Turn to="Last page" icon="last" can={!isDisabled && info.hasNext} onTurn={() => go(info.pages ?? 1)} />
      )}
    </Group>
  );
}

/** Stays reachable where it leads nowhere: whoever has turned to the last page has the focus on it. */
function Turn({ to, icon, can, onTurn }: { to: string; icon: IconName; can: boolean; onTurn(): void }) {
  return (
    <Button
      className={buttons.iconButton}
      aria-label={to}
      aria-disabled={!can || undefined}
      onPress={() => {
        if (can) onTurn();
      }}
    >
      <Icon name={icon} />
    </Button>
  );
}

function PageNumber({
  page,
  pages,
  isDisabled,
  onGo,
}: {
  page: number;
  pages: number | null;
  isDisabled: boolean;
  onGo(page: number): void;
}) {
  const [text, setText] = useState(String(page));
  const [told, setTold] = useState(page);
  if (told !== page) {
    setTold(page);
    setText(String(page));
  }
  const leave = () => {
    const wanted = Number(text);
    if (Number.isInteger(wanted) && wanted >= 1 && wanted !== page) onGo(wanted);
    else setText(String(page));
  };
  return (
    <span className={pager.pageNumber}>
      <TextField aria-label="Page" value={text} onChange={setText} isDisabled={isDisabled}>
        <Input
          className={controls.input}
          inputMode="numeric"
          size={Math.max(2, text.length)}
          onBlur={leave}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              event.preventDefault();
              leave();
            }
          }}
        />
      </TextField>
      {pages !== null && <span> of {figure(pages)}</span>}
    </span>
  );
}
