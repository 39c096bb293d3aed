import type { BenchRecord } from '../core/record.ts';
import { invalidSessions, priceLines, softwareCaveat } from './caveats.ts';
import { backendName, type Column, nameColumns, resultColumns } from './columns.ts';
import { plainText } from './format.ts';
import { type Note, NoteList } from './notes.ts';
import { profileLines } from './profile-table.ts';
import { textGrid, wrapText } from './text-grid.ts';

const WIDTH = 120;
const STATUS_WORDS = {
  unsupported: 'unsupported',
  failed: 'failed',
  'timed-out': 'timed out',
} as const;

/** Figures that have a column in a table of these records, by the names under which flags speak of them. */
function shownIn(records: readonly BenchRecord[]): (field: string) => boolean {
  const hasAhead = records.some(({ decode }) => decode?.runAhead);
  return (field) => {
    if (field.startsWith('memory.')) return /(weights|kvCache|peakGpu|peakRss)Bytes$/.test(field);
    if (field.startsWith('decode.runAhead')) return hasAhead;
    return /^(prefill|decode|cost|memory|profile)/.test(field) && !/\.p9[59]$/.test(field);
  };
}

/** The results of a run for a terminal: a grid for each model, with what a reader must know about them around it. */
export function renderTable(records: readonly BenchRecord[]): string {
  if (records.length === 0) return 'No cells were measured.\n';
  const notes = new NoteList(records, shownIn(records));
  const caveat = softwareCaveat(records);
  const caveatLines = caveat === null ? [] : wrapText(caveat, WIDTH);
  const lines = [
    ...caveatLines,
    ...invalidSessions(records).flatMap((line) => wrapText(line, WIDTH)),
    ...deviceLines(records),
    ...groupByModel(records).flatMap((group) => ['', ...modelGrid(group, notes)]),
    ...profileLines(records, WIDTH),
    '',
    ...priceLines(records).flatMap((line) => wrapText(line, WIDTH)),
    ...legend(records),
    ...noteLines(notes.all),
    ...caveatLines,
  ];
  return `${lines.join('\n')}\n`;
}

function modelGrid(records: readonly BenchRecord[], notes: NoteList): string[] {
  const [first] = records;
  if (first === undefined) return [];
  const columns = [
    ...nameColumns,
    ...resultColumns.filter((column) => isMeasured(column, records)),
    noteColumn(notes),
  ];
  const grid = textGrid(
    columns.map(({ title, unit, align }) => ({ heading: [title, unit], align })),
    records.map((record) => rowTexts(columns, record)),
  );
  const hash =
    first.modelSha256 === null ? '' : `  (sha256 ${plainText(first.modelSha256).slice(0, 12)})`;
  return [`${plainText(first.cell.model)}${hash}`, ...grid];
}

/** A column is left out when no cell of the group asked for it, as decode with `-n 0`, or none need have it. */
function isMeasured(column: Column, records: readonly BenchRecord[]): boolean {
  if (column.isOptional && records.every((record) => column.text(record) === null)) return false;
  const asks = (tokens: 'promptTokens' | 'generatedTokens') =>
    records.some(({ cell }) => cell.workload[tokens] > 0);
  return column.phase === undefined || asks(column.phase);
}

/** A row of texts; one without a result says so in its first figure. */
function rowTexts(columns: readonly Column[], record: BenchRecord): string[] {
  const { status } = record.outcome;
  const firstFigure = columns.findIndex((column) => column.align === 'right');
  return columns.map((column, i) => {
    if (status === 'ok' || column.align === 'left') return column.text(record) ?? 'n/a';
    return i === firstFigure ? STATUS_WORDS[status] : '-';
  });
}

function noteColumn(notes: NoteList): Column {
  return {
    title: 'notes',
    unit: '',
    align: 'left',
    text: (record) =>
      notes
        .of(record)
        .map(({ number }) => number)
        .join(','),
  };
}

function deviceLines(records: readonly BenchRecord[]): string[] {
  const lines = new Map<string, Set<string>>();
  for (const record of records) {
    const { device } = record;
    if (device === null) continue;
    const name = `${plainText(device.name)} (${plainText(device.vendor)}, ${device.kind})`;
    lines.set(name, (lines.get(name) ?? new Set()).add(backendName(record)));
  }
  return [...lines].flatMap(([name, backends]) =>
    wrapText(`Device of ${[...backends].join(', ')}: ${name}`, WIDTH, '  '),
  );
}

function groupByModel(records: readonly BenchRecord[]): BenchRecord[][] {
  const groups = new Map<string, BenchRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.cell.model, record.modelSha256]);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

function legend(records: readonly BenchRecord[]): string[] {
  const hasBounds = records.some(({ prefill, decode }) =>
    [prefill, decode].some((figure) => figure !== null && figure.tokensPerSecond.low !== null),
  );
  const interval = hasBounds
    ? '±: half the width of the 95 % interval over launches.'
    : 'No intervals: they need several launches (--launches).';
  const text =
    'weights KV act: formats of weights, KV cache and activations as they ran. pp, tg: tokens of the prompt ' +
    `and generated; d: tokens in the cache before; b: sequences at once. ${interval} TTFT: time to first ` +
    'token; TPOT: time per output token. MB: 10^6 bytes; ≥: weights and KV cache alone, of an engine that ' +
    `hides its peak. ${aheadLegend(records)}input, output: the hour of the device charged to prefill ` +
    'and decode by the time each takes.';
  return wrapText(text, WIDTH);
}

function aheadLegend(records: readonly BenchRecord[]): string {
  const steps = records.flatMap(({ decode }) => decode?.runAhead?.steps ?? []);
  if (steps.length === 0) return '';
  return (
    `ahead: decode with ${[...new Set(steps)].join(' or ')} steps submitted ahead of the host (--run-ahead); ` +
    'tokens arrive in groups, so it is not the TPOT, and costs do not use it. '
  );
}

function noteLines(notes: readonly Note[]): string[] {
  if (notes.length === 0) return [];
  const lines = notes.flatMap(({ number, code, field, message, hint }) => {
    const about = field === null ? code : `${code}, ${field}`;
    const text = `  ${number}  [${about}] ${message}${hint === undefined ? '' : ` ${hint}`}`;
    return wrapText(`  ${plainText(text)}`, WIDTH, '     ');
  });
  return ['Notes:', ...lines];
}
