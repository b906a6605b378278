import { formatDelta, formatStatistic } from "../../model/format";
import { Icon } from "../../ui/Icon";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./statistic.module.css";

/** A figure with its label, and which way it has gone. */
export function Statistic({ node }: ComponentProps<"ds">) {
  const { properties, style } = node.model;
  const { label, value, description, delta } = properties;
  const change =
    delta === null || delta === undefined
      ? null
      : formatDelta(delta, {
          format: properties.deltaFormat,
          decimals: properties.deltaDecimals,
          isPositive: properties.isPositiveDelta,
        });
  return (
    <dl className={styles.statistic} data-wide style={safeStyle(style)}>
      <dt className={styles.label} data-color={properties.labelColor ?? undefined}>
        {label}
      </dt>
      <dd className={styles.line}>
        <span className={styles.value} data-color={properties.valueColor ?? undefined}>
          {value === null || value === undefined ? "–" : formatStatistic(value, properties)}
        </span>
        {change && (
          <span className={styles.delta} data-good={change.good ?? undefined}>
            {change.direction && <Icon name={change.direction} size={14} />}
            <span className="visually-hidden">{SPOKEN[change.direction ?? "same"]}</span>
            {change.text}
          </span>
        )}
      </dd>
      {description && (
        <dd className={styles.description} data-color={properties.descriptionColor ?? undefined}>
          {description}
        </dd>
      )}
    </dl>
  );
}

const SPOKEN = { up: "up by ", down: "down by ", same: "changed by " };
