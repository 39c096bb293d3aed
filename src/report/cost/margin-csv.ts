import type { GroupMargin } from '../../economics/business/group-margin.ts';
import type { UsageMargins } from '../../economics/business/usage-margins.ts';
import { type CsvValue, csvText } from '../../economics/files/csv-text.ts';
import type { Quantity } from '../../economics/quantity.ts';

const FIGURES: readonly [column: string, figure: (group: GroupMargin) => Quantity][] = [
  ['revenue_usd', ({ revenueUsd }) => revenueUsd],
  ['usage_usd', ({ usageUsd }) => usageUsd],
  ['other_usd', ({ otherUsd }) => otherUsd],
  ['cogs_usd', ({ cogsUsd }) => cogsUsd],
  ['gross_margin_usd', ({ grossMarginUsd }) => grossMarginUsd],
  ['gross_margin_share', ({ grossMarginShare }) => grossMarginShare],
  ['cogs_per_revenue', ({ cogsPerRevenue }) => cogsPerRevenue],
  ['usd_per_request', ({ usdPerRequest }) => usdPerRequest],
];

/** Figures whose interval gets columns of its own. */
const WITH_INTERVAL = ['cogs_usd', 'gross_margin_usd', 'gross_margin_share'];

/** The groups as comma separated values, safe for spreadsheets; a figure that is unknown is an empty field. */
export function marginsCsv({ by, groups }: UsageMargins): string {
  const figures = groups.map(figuresOf);
  const figureColumns = Object.keys(figures[0] ?? {});
  // A column of the usage may be named like one of the figures.
  const names = by.map((column) => (figureColumns.includes(column) ? `group_${column}` : column));
  const rows = groups.map((group, i) => ({
    ...Object.fromEntries(names.map((column, k) => [column, group.names[k] ?? ''])),
    ...figures[i],
  }));
  return csvText([...names, ...figureColumns], rows);
}

function figuresOf(group: GroupMargin): Record<string, CsvValue> {
  return {
    rows: group.rows,
    customer_months: group.customerMonths,
    ...Object.fromEntries(
      FIGURES.flatMap(([column, figure]) => {
        const { value, low, high } = figure(group);
        const bounds: [string, CsvValue][] = [
          [`${column}_low`, low],
          [`${column}_high`, high],
        ];
        return [[column, value], ...(WITH_INTERVAL.includes(column) ? bounds : [])];
      }),
    ),
    cogs_at_least_usd: group.cogsAtLeastUsd,
  };
}
