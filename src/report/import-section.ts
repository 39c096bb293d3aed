import type { ImportRecord } from '../core/import-record.ts';
import { importPriceLines, importRows, recomputedText, sourceText } from './import-rows.ts';
import { byFile } from './import-table.ts';
import { escapeMarkdown, markdownTable } from './markdown-text.ts';

const left = (title: string) => ({ title, align: 'left' as const });
const right = (title: string) => ({ title, align: 'right' as const });

/** A document of nothing but results of other tools. */
export function renderImportDocument(records: readonly ImportRecord[], title?: string): string {
  const heading = `# ${escapeMarkdown(title ?? 'Results of other tools')}`;
  return `${[heading, ...importSection(records)].join('\n\n')}\n`;
}

/** Results of other tools as a section of a document, apart from ours. */
export function importSection(records: readonly ImportRecord[]): string[] {
  const { rows, notes } = importRows(records);
  const costs = rows.some(({ cost }) => cost !== '');
  const table = markdownTable(
    [
      left('source, model, device'),
      left('test'),
      left('metric'),
      left('statistic'),
      right('value'),
      left('unit'),
      left('spread'),
      left("beside mtok's"),
      ...(costs ? [left('$/Mtok')] : []),
    ],
    rows.map((row) =>
      [
        sourceText(row.run),
        row.workload,
        row.metric,
        row.statistic,
        row.value,
        row.unit,
        row.spread,
        row.standing,
        ...(costs ? [row.cost] : []),
      ].map(escapeMarkdown),
    ),
  );
  const files = markdownTable(
    [left('file'), left('sha256'), left('format'), left('its figures from its own samples')],
    byFile(records).map((group) =>
      [
        group[0]?.file.name ?? '',
        group[0]?.file.sha256 ?? '',
        group[0]?.run.format ?? '',
        recomputedText(group.flatMap(({ run }) => run.checks)),
      ].map(escapeMarkdown),
    ),
  );
  return [
    '## Imported results (measured by others)',
    'Other tools measured these, by definitions of their own and in conditions that mtok did not see. ' +
      "None of them enters a table, an interval or a cost of mtok's own.",
    table,
    ...(notes.length === 0
      ? []
      : [notes.map((note, i) => `${i + 1}. ${escapeMarkdown(note)}`).join('\n')]),
    ...importPriceLines(records).map(escapeMarkdown),
    ...(costs
      ? ['Costs are converted from the rate in their row: the whole price on the tokens it counts.']
      : []),
    files,
  ];
}
