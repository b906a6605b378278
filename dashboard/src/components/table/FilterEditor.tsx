import { Button, Checkbox, Input, TextField } from "react-aria-components";
import type { TableColumn } from "../../model/table/columns";
import { isGroup, needsValue } from "../../model/table/filter";
import {
  dayBound,
  dayOf,
  newRule,
  operatorsFor,
  operatorWords,
  type ValueKind,
  valueKind,
  withColumn,
} from "../../model/table/operators";
import { numberOf, plainText, timeOf } from "../../model/table/plain";
import { tagsOf } from "../../model/table/tags";
import type { Filter, FilterGroup, FilterOperator, FilterRule, Json } from "../../model/types";
import { Icon } from "../../ui/Icon";
import buttons from "./buttons.module.css";
import controls from "./controls.module.css";
import filterStyles from "./filter.module.css";
import { Pick } from "./Pick";

/** How deep groups can be nested with the editor; an author's view may go deeper and is shown as it is. */
const DEEPEST = 3;

interface Shared {
  columns: readonly TableColumn[];
  /** The tags that the rows at hand have, by column id, with their JSON type. */
  tags: ReadonlyMap<string, Json[]>;
}

/** A filter of rules and groups of rules. */
export function FilterEditor({
  filter,
  onChange,
  ...shared
}: Shared & { filter: Filter | null; onChange(filter: FilterGroup): void }) {
  const group: FilterGroup = !filter
    ? { logicOperator: "and", filters: [] }
    : isGroup(filter)
      ? filter
      : { logicOperator: "and", filters: [filter] };
  return <Group group={group} depth={1} onChange={onChange} {...shared} />;
}

function Group({
  group,
  depth,
  onChange,
  ...shared
}: Shared & { group: FilterGroup; depth: number; onChange(group: FilterGroup): void }) {
  const { columns } = shared;
  const first = columns[0];
  const put = (at: number, filter: Filter | null) => {
    const filters = [...group.filters];
    if (filter) filters[at] = filter;
    else filters.splice(at, 1);
    onChange({ ...group, filters });
  };
  const add = (filter: Filter) => onChange({ ...group, filters: [...group.filters, filter] });
  return (
    <fieldset className={filterStyles.group} data-nested={depth > 1 || undefined} aria-label="Filter group">
      {group.filters.map((filter, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rules have no names of their own; their place is what they are
        <div key={at} className={filterStyles.rule}>
          <div className={filterStyles.join}>
            {at === 0 ? (
              <span>Where</span>
            ) : at === 1 ? (
              <Pick
                label="How the rules go together"
                value={group.logicOperator}
                options={JOINS}
                onChange={(logicOperator) => onChange({ ...group, logicOperator })}
              />
            ) : (
              <span>{group.logicOperator}</span>
            )}
          </div>
          {isGroup(filter) ? (
            <Group group={filter} depth={depth + 1} onChange={(inner) => put(at, inner)} {...shared} />
          ) : (
            <Rule rule={filter} onChange={(rule) => put(at, rule)} {...shared} />
          )}
          <Button className={buttons.iconButton} aria-label="Remove this rule" onPress={() => put(at, null)}>
            <Icon name="cross" />
          </Button>
        </div>
      ))}
      <div className={controls.row}>
        {first && (
          <Button className={buttons.quiet} onPress={() => add(newRule(first))}>
            <Icon name="plus" /> Add rule
          </Button>
        )}
        {first && depth < DEEPEST && (
          <Button
            className={buttons.quiet}
            onPress={() =>
              add({ logicOperator: group.logicOperator === "and" ? "or" : "and", filters: [newRule(first)] })
            }
          >
            <Icon name="plus" /> Add group
          </Button>
        )}
      </div>
    </fieldset>
  );
}

const JOINS = [
  { id: "and", text: "and" },
  { id: "or", text: "or" },
] as const;

function Rule({ rule, columns, tags, onChange }: Shared & { rule: FilterRule; onChange(rule: FilterRule): void }) {
  const column = columns.find((each) => each.name === rule.key);
  const format = column?.format ?? null;
  return (
    <div className={filterStyles.parts}>
      <Pick
        label="Column"
        value={column?.id ?? rule.key}
        options={[
          ...(column ? [] : [{ id: rule.key, text: `${rule.key} (not in this table)` }]),
          ...columns.map((each) => ({ id: each.id, text: each.heading })),
        ]}
        onChange={(id) => {
          const next = columns.find((each) => each.id === id);
          if (next) onChange(withColumn(rule, next, format));
        }}
      />
      <Pick
        label="Condition"
        value={rule.operator}
        options={operatorsFor(format, rule.operator).map((id) => ({ id, text: operatorWords(id, format) }))}
        onChange={(operator) => onChange({ ...rule, operator, value: moved(rule, operator, valueKind(format)) })}
      />
      {needsValue(rule.operator) && (
        <Value
          kind={kindFor(rule, valueKind(format))}
          rule={rule}
          known={(column && tags.get(column.id)) ?? []}
          onChange={(value) => onChange({ ...rule, value })}
        />
      )}
    </div>
  );
}

/** A day's moment depends on the operator: "after" a day is after its end. */
function moved(rule: FilterRule, operator: FilterOperator, kind: ValueKind): Json {
  const day = kind === "date" ? dayOf(rule.value) : null;
  return day ? dayBound(day, operator) : rule.value;
}

/** Tag operators on a column that is none, and text operators on numbers, come from an author's view: edit as text. */
function kindFor(rule: FilterRule, kind: ValueKind): ValueKind {
  const { value, operator } = rule;
  if (operator.startsWith("has") || operator.startsWith("notHas")) return "tags";
  if (kind === "text" && typeof value === "boolean") return "boolean";
  if (kind === "text" && typeof value === "number") return "number";
  if (kind === "number" && (operator.endsWith("ncludes") || operator === "is" || operator === "isNot")) return "text";
  return kind;
}

function Value({
  kind,
  rule,
  known,
  onChange,
}: {
  kind: ValueKind;
  rule: FilterRule;
  known: readonly Json[];
  onChange(value: Json): void;
}) {
  const { value, operator } = rule;
  switch (kind) {
    case "boolean":
      return (
        <Pick
          label="Value"
          value={value === false ? "no" : "yes"}
          options={BOOLEANS}
          onChange={(picked) => onChange(picked === "yes")}
        />
      );
    case "tags":
      return <Tags value={tagsOf(value)} known={known} onChange={onChange} />;
    case "date": {
      const day = dayOf(value);
      return (
        <Plain
          type="date"
          value={day ? `${pad(day.year, 4)}-${pad(day.month)}-${pad(day.day)}` : ""}
          onChange={(text) => {
            const [year, month, date] = text.split("-").map(Number);
            onChange(year && month && date ? dayBound({ year, month, day: date }, operator) : null);
          }}
        />
      );
    }
    case "datetime": {
      const time = timeOf(value);
      const local = time === null ? null : new Date(time - new Date(time).getTimezoneOffset() * 60_000);
      return (
        <Plain
          type="datetime-local"
          value={local ? local.toISOString().slice(0, 16) : ""}
          onChange={(text) => onChange(text === "" ? null : new Date(text).toISOString())}
        />
      );
    }
    case "number":
      return (
        <Plain
          key={operator}
          type="text"
          inputMode="decimal"
          value={plainText(value)}
          onChange={(text) => onChange(text.trim() === "" ? null : (numberOf(text) ?? text))}
        />
      );
    default:
      return <Plain type="text" value={plainText(value)} onChange={(text) => onChange(text === "" ? null : text)} />;
  }
}

const BOOLEANS = [
  { id: "yes", text: "yes" },
  { id: "no", text: "no" },
] as const;

const pad = (number: number, length = 2) => String(number).padStart(length, "0");

function Plain({
  type,
  inputMode,
  value,
  onChange,
}: {
  type: "text" | "date" | "datetime-local";
  inputMode?: "decimal";
  value: string;
  onChange(value: string): void;
}) {
  return (
    <TextField aria-label="Value" className={filterStyles.field} value={value} onChange={onChange}>
      <Input type={type} inputMode={inputMode} className={controls.input} placeholder="Value" />
    </TextField>
  );
}

/** The tags that are there to tick, and room for others: a page holds only some of them. */
function Tags({ value, known, onChange }: { value: Json[]; known: readonly Json[]; onChange(value: Json[]): void }) {
  const has = (tag: Json) => value.some((other) => plainText(other) === plainText(tag));
  const others = value.filter((tag) => !known.some((other) => plainText(other) === plainText(tag)));
  const add = (text: string) => {
    if (text.trim() !== "" && !has(text.trim())) onChange([...value, text.trim()]);
  };
  return (
    <fieldset className={filterStyles.tagList} aria-label="Values">
      {[...known, ...others].map((tag) => (
        <Checkbox
          key={plainText(tag)}
          className={controls.checkbox}
          isSelected={has(tag)}
          onChange={(selected) =>
            onChange(selected ? [...value, tag] : value.filter((other) => plainText(other) !== plainText(tag)))
          }
        >
          {({ isSelected }) => (
            <>
              <span className={controls.box}>{isSelected && <Icon name="check" />}</span>
              {plainText(tag)}
            </>
          )}
        </Checkbox>
      ))}
      <TextField aria-label="Another value" className={filterStyles.field}>
        <Input
          className={controls.input}
          placeholder="Another value, then Enter"
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add(event.currentTarget.value);
            event.currentTarget.value = "";
          }}
        />
      </TextField>
    </fieldset>
  );
}
