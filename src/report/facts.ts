import type { BenchRecord } from '../core/record.ts';
import { formatNumber } from './format.ts';
import { escapeMarkdown, markdownTable } from './markdown-text.ts';
import type { Row } from './result-tables.ts';

type Scalar = string | number | boolean | null;

/** Facts of several rows: a line per name, one value where all agree, else each value with its rows. */
export function factTable(
  rows: readonly Row[],
  facts: (record: BenchRecord) => Record<string, Scalar>,
): string {
  const rowsOf = new Map<string, Map<string, number[]>>();
  for (const { number, record } of rows) {
    for (const [name, value] of Object.entries(facts(record))) {
      const values = rowsOf.get(name) ?? new Map<string, number[]>();
      const text = scalarText(value);
      values.set(text, [...(values.get(text) ?? []), number]);
      rowsOf.set(name, values);
    }
  }
  const lines = [...rowsOf].map(([name, values]) => {
    const isCommon = values.size === 1 && [...values.values()][0]?.length === rows.length;
    const texts = [...values].map(
      ([text, numbers]) =>
        escapeMarkdown(text) +
        (isCommon ? '' : ` (${numbers.length === 1 ? 'row' : 'rows'} ${numberRanges(numbers)})`),
    );
    return [escapeMarkdown(name), texts.join('<br>')];
  });
  return markdownTable(
    [
      { title: 'what', align: 'left' },
      { title: 'value', align: 'left' },
    ],
    lines,
  );
}

/** `1–3, 7` for 1, 2, 3, 7. Ascending numbers in. */
export function numberRanges(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

function scalarText(value: Scalar): string {
  if (value === null) return 'unknown';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : formatNumber(value);
  return String(value);
}
