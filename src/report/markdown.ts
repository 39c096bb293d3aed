import type { ImportRecord } from '../core/import-record.ts';
import type { BenchRecord } from '../core/record.ts';
import { invalidSessions, priceLines, softwareCaveat } from './caveats.ts';
import { factTable } from './facts.ts';
import { importSection } from './import-section.ts';
import { codeBlock, escapeMarkdown, markdownTable } from './markdown-text.ts';
import { METHOD } from './method.ts';
import { NoteList } from './notes.ts';
import { profileSection } from './profile-table.ts';
import { energyTable, rooflineTable } from './resource-tables.ts';
import { costTable, loadTable, memoryTable, type Row, throughputTable } from './result-tables.ts';
import { scatterTable } from './scatter-table.ts';
import { shellWord } from './shell-word.ts';

export interface ReportOptions {
  title?: string;
  /** The store as the reader would give it to \`mtok report\`. */
  storePath: string;
  /** Things the reader must know about the choice of records. */
  remarks?: readonly string[];
  /** Results of other tools, shown apart. */
  imports?: readonly ImportRecord[];
}

/** A document that is computed from records alone: what was run, what came out, what it costs, how it was done. */
export function renderMarkdown(records: readonly BenchRecord[], options: ReportOptions): string {
  const rows = records.map((record, i) => ({ number: i + 1, record }));
  const notes = new NoteList(records);
  const sections = [
    `# ${escapeMarkdown(options.title ?? defaultTitle(records))}`,
    ...warnings(records, [...invalidSessions(records), ...(options.remarks ?? [])]),
    '## What was run',
    factTable(rows, runFacts),
    ...groupBy(rows, ({ record }) => `${record.cell.model} ${record.modelSha256}`).flatMap(
      (group) => resultSections(group, notes),
    ),
    '## Notes',
    noteTable(notes),
    ...(options.imports?.length ? importSection(options.imports) : []),
    '## Settings of each engine',
    ...groupBy(rows, ({ record }) => `${record.cell.backend} ${record.cell.host}`).flatMap(
      settingSections,
    ),
    '## Method',
    METHOD,
    '**Protocol** of the launches of these rows:',
    factTable(rows, (record) => pickSettings(record, isProtocol)),
    '## How to reproduce',
    reproduce(records, options.storePath),
    '## Records',
    recordTable(rows),
  ];
  return `${sections.join('\n\n')}\n`;
}

function defaultTitle(records: readonly BenchRecord[]): string {
  const models = unique(records.map(({ cell }) => cell.model));
  const devices = unique(
    ['gpu', 'software', 'cpu'].flatMap((kind) =>
      records.flatMap(({ device }) => (device?.kind === kind ? [device.name] : [])),
    ),
  );
  return `${models.join(', ') || 'No cells'} on ${devices.join(', ') || 'no device'}`;
}

function warnings(records: readonly BenchRecord[], remarks: readonly string[]): string[] {
  const caveat = softwareCaveat(records);
  const lines = [...(caveat === null ? [] : [caveat]), ...remarks];
  return lines.map((line) => `> **${escapeMarkdown(line)}**`);
}

/** What a reader asks of a run first; the rest is in the provenance, name by name. */
function runFacts(record: BenchRecord): Record<string, string | number | boolean | null> {
  const { device, cost } = record;
  return {
    model: record.cell.model,
    'model sha256': record.modelSha256,
    device: device && `${device.name} (${device.vendor}, ${device.kind})`,
    'price, USD per hour': cost?.usdPerHour ?? null,
    'price of': cost && `${cost.price.gpu}${cost.price.standIn ? ' as a stand-in' : ''}`,
    'price source': cost?.price.source ?? null,
    'price read on': cost && (cost.price.date ?? 'given by hand'),
    run: record.run,
    seed: record.seed,
    ...record.provenance,
  };
}

function resultSections(rows: readonly Row[], notes: NoteList): string[] {
  const model = escapeMarkdown(rows[0]?.record.cell.model ?? '');
  const records = rows.map(({ record }) => record);
  const profile = profileSection(rows);
  return [
    `## Results: ${model}`,
    ...warnings(records, []),
    throughputTable(rows, notes),
    'In brackets: intervals at 95 %. Notes are explained below.',
    `### Cost: ${model}`,
    ...priceLines(records).map(escapeMarkdown),
    costTable(rows),
    `### Memory in MB: ${model}`,
    memoryTable(rows),
    `### Load in ms: ${model}`,
    loadTable(rows),
    ...titled(`### Scatter: ${model}`, scatterTable(rows)),
    ...titled(`### Share of the adapter's peaks: ${model}`, rooflineTable(rows)),
    ...titled(`### Energy: ${model}`, energyTable(rows)),
    ...titled(`### Profile: ${model}`, profile),
  ];
}

/** Nothing at all where there is nothing to show. */
function titled(title: string, table: string | null): string[] {
  return table === null ? [] : [title, table];
}

function noteTable(notes: NoteList): string {
  if (notes.all.length === 0) return 'None.';
  return markdownTable(
    [
      { title: '#', align: 'right' },
      { title: 'code', align: 'left' },
      { title: 'figure', align: 'left' },
      { title: 'what it says', align: 'left' },
    ],
    notes.all.map(({ number, code, field, message, hint }) => [
      String(number),
      escapeMarkdown(code),
      escapeMarkdown(field ?? 'whole row'),
      escapeMarkdown(hint === undefined ? message : `${message} ${hint}`),
    ]),
  );
}

function settingSections(rows: readonly Row[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { backend, host } = first.record.cell;
  return [
    `### ${backend} in ${host}`,
    factTable(rows, (record) => pickSettings(record, (name) => !isProtocol(name))),
  ];
}

type Settings = BenchRecord['settings'];

/** How a launch was measured, which is the same for all engines; the rest is the engine's own. */
function isProtocol(name: string): boolean {
  return name.startsWith('protocol.') || name === 'clockQuantumMs';
}

function pickSettings({ settings }: BenchRecord, isWanted: (name: string) => boolean): Settings {
  const chosen = Object.entries(settings).filter(([name]) => isWanted(name));
  return Object.fromEntries(chosen.map(([name, value]) => [name.replace('protocol.', ''), value]));
}

function reproduce(records: readonly BenchRecord[], storePath: string): string {
  const commands = unique(
    records.flatMap(({ provenance }) =>
      typeof provenance.command === 'string' ? [provenance.command] : [],
    ),
  );
  const report = `mtok report ${shellWord(storePath)} --out report.md`;
  return [
    'In a clone at the commit named above, after `npm ci`:',
    codeBlock([...commands, report].map((command) => `npx ${command}`).join('\n')),
    'The last command needs no GPU: this document follows from the records alone.',
  ].join('\n\n');
}

function recordTable(rows: readonly Row[]): string {
  return markdownTable(
    [
      { title: '#', align: 'right' },
      { title: 'record', align: 'left' },
      { title: 'measured at', align: 'left' },
      { title: 'outcome', align: 'left' },
    ],
    rows.map(({ number, record }) => [
      String(number),
      escapeMarkdown(record.id),
      escapeMarkdown(record.createdAt),
      record.outcome.status,
    ]),
  );
}

function groupBy(rows: readonly Row[], key: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
