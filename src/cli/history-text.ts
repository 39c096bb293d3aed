import { counted, formatInterval, formatNumber, plainText } from '../report/format.ts';
import { textGrid } from '../report/text-grid.ts';
import type { SqlTable, SqlValue } from '../store/duckdb.ts';
import type { HistoryMetric, HistoryPoint, HistorySeries } from '../store/history-series.ts';

/** Columns of a free query are cut here, so that a hostile name cannot fill a screen. */
const WIDEST = 80;

/** One series a paragraph: its cell, and the points that were asked for. */
export function historyText(
  series: readonly HistorySeries[],
  metricName: string,
  metric: HistoryMetric,
): string {
  return series.map((one) => paragraph(one, metricName, metric)).join('\n');
}

function paragraph(
  { cell, points, records, changes }: HistorySeries,
  metricName: string,
  metric: HistoryMetric,
): string {
  const hidden = records - points.length;
  const summary = [
    counted(records, 'record'),
    metric.interval === 'none' ? 'no intervals, so no changes are told' : `${changes} changed`,
    ...(hidden === 0 ? [] : [`${hidden} older ones not shown`]),
    ...(metric.interval === 'bounds' ? marginText(points, metric) : []),
  ];
  const grid = textGrid(
    [
      { heading: ['stored (UTC)'], align: 'left' },
      { heading: ['commit'], align: 'left' },
      { heading: ['driver'], align: 'left' },
      { heading: ['engine'], align: 'left' },
      { heading: ['launches'], align: 'right' },
      { heading: [`${metricName} ${metric.unit}`], align: 'right' },
      { heading: ['change'], align: 'right' },
    ],
    points.map((point) => [
      text(point.created_at).slice(0, 19).replace('T', ' '),
      shortCommit(text(point.commit)),
      text(point.driver),
      text(point.engine),
      String(point.launches),
      valueText(point, metric),
      changeText(point.change),
    ]),
  );
  return `${seriesName(cell)}\n  ${summary.join(', ')}\n${grid.map((line) => `  ${line}`).join('\n')}\n`;
}

/** What a change had to exceed among the points shown, and where that comes from. */
function marginText(points: readonly HistoryPoint[], { noise }: HistoryMetric): string[] {
  const margins = points.flatMap(({ margin }) => margin ?? []);
  if (margins.length === 0) return [];
  const [least, most] = [Math.min(...margins), Math.max(...margins)].map(percentText);
  const known = points.filter(({ floor }) => floor !== null).length;
  const source =
    known === 0
      ? 'no A/A floor is stored'
      : `A/A floor of ${noise} known for ${known} of ${margins.length}`;
  return [`margin ${least === most ? least : `${least} to ${most}`} % (${source})`];
}

function percentText(share: number): string {
  return (100 * share).toFixed(1);
}

function seriesName(cell: HistorySeries['cell']): string {
  const workload = `pp${cell.prompt_tokens} tg${cell.generated_tokens} d${cell.depth} b${cell.batch}`;
  const formats = `${text(cell.weights)} kv ${text(cell.kv)} activations ${text(cell.activations)}`;
  const engine = `${text(cell.backend)} in ${text(cell.host)} on ${text(cell.device)}`;
  return `${text(cell.model)} ${formats}, ${workload}, ${engine}`;
}

function shortCommit(commit: string): string {
  return commit.replace(/^([0-9a-f]{10})[0-9a-f]+/, '$1');
}

function valueText({ value, low, high }: HistoryPoint, { interval }: HistoryMetric): string {
  if (interval === 'exact') return String(value);
  return formatInterval({ median: value, low, high });
}

function changeText(change: number | null): string {
  if (change === null) return '';
  return `${change > 1 ? '+' : ''}${formatNumber((change - 1) * 100)}%`;
}

/** The answer to a free query. */
export function tableText({ columns, rows }: SqlTable): string {
  const lines = textGrid(
    columns.map((name, i) => ({
      heading: [text(name)],
      align: rows.some((row) => typeof row[i] === 'number') ? 'right' : 'left',
    })),
    rows.map((row) => row.map(text)),
  );
  return `${lines.join('\n')}\n`;
}

/** A value on one line without control characters. */
function text(value: SqlValue): string {
  if (value === null) return 'n/a';
  const whole = plainText(typeof value === 'object' ? JSON.stringify(value) : String(value));
  return whole.length > WIDEST ? `${whole.slice(0, WIDEST - 1)}…` : whole;
}
