import type { ImportRecord } from '../core/import-record.ts';
import { counted, plainText } from './format.ts';
import { importPriceLines, importRows, recomputedText, sourceText } from './import-rows.ts';
import { textGrid, wrapText } from './text-grid.ts';

const WIDTH = 120;

const COLUMNS = [
  ['test', 'left'],
  ['metric', 'left'],
  ['statistic', 'left'],
  ['value', 'right'],
  ['unit', 'left'],
  ['spread', 'left'],
  ["beside mtok's", 'left'],
  ['$/Mtok', 'left'],
] as const;

/** Results of other tools for a terminal: a grid for each file, then how and why, and what was computed again. */
export function renderImportTable(records: readonly ImportRecord[]): string {
  const { rows, notes } = importRows(records);
  const lines = ['IMPORTED: measured by other tools, by their definitions.'];
  for (const group of byFile(records)) {
    const [first] = group;
    if (first === undefined) continue;
    const runs = new Set(group.map(({ run }) => run));
    const own = rows.filter(({ run }) => runs.has(run));
    const hasCost = own.some(({ cost }) => cost !== '');
    const columns = COLUMNS.filter(([title]) => hasCost || title !== '$/Mtok');
    const { name, sha256 } = first.file;
    lines.push(
      '',
      ...wrapText(
        `${plainText(name)} (sha256 ${sha256.slice(0, 12)}): ${sources(group)}`,
        WIDTH,
        '  ',
      ),
      ...textGrid(
        columns.map(([title, align]) => ({ heading: [title], align })),
        own.map((row) => [
          row.workload,
          row.metric,
          row.statistic,
          row.value,
          row.unit,
          row.spread,
          row.standing,
          ...(hasCost ? [row.cost] : []),
        ]),
      ),
      ...wrapText(recomputedText(group.flatMap(({ run }) => run.checks)), WIDTH, '  '),
    );
  }
  lines.push(
    '',
    ...importPriceLines(records).flatMap((line) => wrapText(line, WIDTH)),
    ...notes.flatMap((note, i) => wrapText(`[${i + 1}] ${note}`, WIDTH, '    ')),
  );
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Records by the file they came from, in order. */
export function byFile(records: readonly ImportRecord[]): ImportRecord[][] {
  const groups = new Map<string, ImportRecord[]>();
  for (const record of records) {
    const key = `${record.file.sha256} ${record.file.name}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

/** Distinct sources of a file's results; of many only the first and their number. */
export function sources(records: readonly ImportRecord[]): string {
  const texts = [...new Set(records.map(({ run }) => sourceText(run)))];
  const more = texts.length > 1 ? ` and ${counted(texts.length - 1, 'other')}` : '';
  return `${texts[0] ?? ''}${more}`;
}
