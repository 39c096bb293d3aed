import { pairName, shownValue } from '../core/cell-identity.ts';
import type { UnmatchedCell } from '../core/cell-pairs.ts';
import type { ComparisonRow } from '../core/compare-records.ts';
import { METRICS } from '../core/comparison-metrics.ts';
import { VERDICTS } from '../core/comparison-verdict.ts';
import { flagName } from '../core/flag-effects.ts';
import { softwareCaveat } from './caveats.ts';
import { comparisonNotes } from './comparison-notes.ts';
import { counted, formatNumber, plainText } from './format.ts';
import type { ShownComparison } from './shown-comparison.ts';
import { type GridColumn, textGrid, wrapText } from './text-grid.ts';

const WIDTH = 110;

const COLUMNS: readonly GridColumn[] = [
  { heading: ['cell'], align: 'left' },
  { heading: ['metric'], align: 'left' },
  { heading: ['A'], align: 'right' },
  { heading: ['B'], align: 'right' },
  { heading: ['B is × as fast', '[95 %]'], align: 'right' },
  { heading: ['p', '(Holm)'], align: 'right' },
  { heading: ['δ', '%'], align: 'right' },
  { heading: ['B is'], align: 'left' },
];

/** A comparison as text: sides, rows, reasons, what was left out, counts. */
export function renderComparison(comparison: ShownComparison): string {
  const { rows, sides, unmatched } = comparison;
  const remarks = [
    ...new Set([...rows.flatMap(({ reason }) => reason ?? []), ...rows.flatMap(flagTexts)]),
  ];
  const caveat = softwareCaveat(rows.flatMap(({ pair }) => [pair.a, pair.b]));
  const paragraphs = [
    ...(caveat === null ? [] : [caveat]),
    ...remarks.map((remark, i) => `(${i + 1}) ${remark.replace(/[.]$/, '')}.`),
    ...comparisonNotes(comparison),
    ...unmatched.map(unmatchedText),
    summaryText(comparison),
  ];
  return [
    `A: ${plainText(sides.a)}`,
    `B: ${plainText(sides.b)}`,
    '',
    ...textGrid(
      COLUMNS,
      rows.map((row) => cellsOf(row, remarks)),
    ),
    '',
    ...paragraphs.flatMap((text) => wrapText(text, WIDTH, '    ')),
    '',
  ].join('\n');
}

/** `AMBIGUOUS (1, 3)`: the numbers are those of the remarks below the table. */
function cellsOf(row: ComparisonRow, remarks: readonly string[]): string[] {
  const { pair, metric, a, b, margin, verdict, reason, correctedP } = row;
  const numbers = [...(reason === null ? [] : [reason]), ...flagTexts(row)]
    .map((remark) => remarks.indexOf(remark) + 1)
    .sort((left, right) => left - right)
    .join(', ');
  return [
    plainText(pairName(pair.a, pair.b)),
    METRICS[metric].label,
    formatNumber(a),
    formatNumber(b),
    ratioText(row),
    correctedP === null ? 'n/a' : formatP(correctedP),
    (margin.value * 100).toFixed(1),
    numbers === '' ? verdict : `${verdict} (${numbers})`,
  ];
}

function flagTexts({ flags }: Pick<ComparisonRow, 'flags'>): string[] {
  return flags.map((flag) => `${plainText(flagName(flag))}: ${plainText(flag.message)}`);
}

/** `1.052 [1.031, 1.078]`; four digits, since differences of a percent matter. */
export function ratioText({ ratio }: Pick<ComparisonRow, 'ratio'>): string {
  const { estimate, low, high } = ratio;
  const bounds = low === null || high === null ? 'n/a' : `${digits(low)}, ${digits(high)}`;
  return `${digits(estimate)} [${bounds}]`;
}

function digits(ratio: number): string {
  return ratio >= 9.9995 || ratio < 0.0995 ? formatNumber(ratio) : ratio.toFixed(3);
}

function formatP(p: number): string {
  return p < 0.0001 ? '<0.0001' : p.toFixed(p < 0.01 ? 4 : 3);
}

/** Why a cell has no counterpart, key by key. */
export function unmatchedText({ side, record, nearest }: UnmatchedCell): string {
  const name = plainText(pairName(record, record));
  const other = side === 'A' ? 'B' : 'A';
  if (nearest === null) return `Not compared: ${name} of ${side}; ${other} has no cell at all.`;
  const keys = nearest.keys.map((key) => {
    const [here, there] = [shownValue(record, key), shownValue(nearest.record, key)];
    const hash = here === there ? ' (other files)' : '';
    return `${key} is ${plainText(here)} in ${side} and ${plainText(there)} in ${other}${hash}`;
  });
  if (keys.length === 0)
    return `Not compared: ${name} of ${side}; its like in ${other} has a pair.`;
  return `Not compared: ${name} of ${side}; of the nearest in ${other}, ${keys.join(', ')}.`;
}

function summaryText({ rows, tests, unmatched }: ShownComparison): string {
  const counts = VERDICTS.map(
    (verdict) => `${rows.filter((row) => row.verdict === verdict).length} ${verdict}`,
  );
  const withheld = rows.filter(({ withheldFor }) => withheldFor.length > 0).length;
  const among = withheld === 0 ? '' : ` (${withheld} withheld)`;
  const lonely =
    unmatched.length === 0 ? '' : `; ${counted(unmatched.length, 'cell')} not compared`;
  return `${counts.join(' · ')}${among} over ${counted(tests, 'test')}${lonely}.`;
}
