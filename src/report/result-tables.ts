import { workloadName } from '../core/cell-name.ts';
import type { BenchRecord, Estimate } from '../core/record.ts';
import { backendName } from './columns.ts';
import { formatInterval, formatMegabytes, formatNumber } from './format.ts';
import { escapeMarkdown, type MarkdownColumn, markdownTable } from './markdown-text.ts';
import type { NoteList } from './notes.ts';

/** A record with the number by which all tables of a report call it. */
export interface Row {
  number: number;
  record: BenchRecord;
}

export const NAME_COLUMNS: readonly MarkdownColumn[] = [
  { title: '#', align: 'right' },
  { title: 'weights', align: 'left' },
  { title: 'KV', align: 'left' },
  { title: 'activations', align: 'left' },
  { title: 'backend', align: 'left' },
  { title: 'test', align: 'left' },
];

/** Throughput and latency, each with its 95 % interval. */
export function throughputTable(rows: readonly Row[], notes: NoteList): string {
  const columns = [
    ...NAME_COLUMNS,
    ...figures('prefill tok/s', 'TTFT ms', 'decode tok/s', 'TPOT ms p50', 'p95', 'p99'),
    ...figures('decode tok/s with run-ahead'),
    { title: 'launches × repetitions', align: 'right' },
    { title: 'notes', align: 'left' },
  ] satisfies MarkdownColumn[];
  return markdownTable(
    columns,
    rows.map((row) => {
      const { prefill, decode } = row.record;
      return [
        ...rowNames(row),
        ...statusOr(row, [
          interval(prefill?.tokensPerSecond),
          interval(prefill?.ttftMs),
          interval(decode?.tokensPerSecond),
          number(decode?.tpotMs.p50),
          number(decode?.tpotMs.p95),
          number(decode?.tpotMs.p99),
          runAhead(decode?.runAhead),
        ]),
        repetitionCount(row.record),
        notes
          .of(row.record)
          .map((note) => note.number)
          .join(', '),
      ];
    }),
  );
}

/** USD per million tokens in the split view. */
export function costTable(rows: readonly Row[]): string {
  return markdownTable(
    [...NAME_COLUMNS, ...figures('USD per hour', 'USD per Mtok input', 'USD per Mtok output')],
    rows.map((row) => [
      ...rowNames(row),
      ...statusOr(row, [
        number(row.record.cost?.usdPerHour),
        interval(row.record.cost?.inputUsdPerMtok),
        interval(row.record.cost?.outputUsdPerMtok),
      ]),
    ]),
  );
}

/** Device memory by kind and the peak of the process, in MB. */
export function memoryTable(rows: readonly Row[]): string {
  return markdownTable(
    [
      ...NAME_COLUMNS,
      ...figures('weights', 'KV cache', 'activations', 'staging', 'peak GPU', 'peak RSS'),
    ],
    rows.map((row) => {
      const { memory } = row.record;
      const bytes = [
        memory.weightsBytes,
        memory.kvCacheBytes,
        memory.activationBytes,
        memory.stagingBytes,
        memory.peakGpuBytes,
        memory.peakRssBytes,
      ];
      return [
        ...rowNames(row),
        ...statusOr(
          row,
          bytes.map((value) => (value === null ? 'n/a' : formatMegabytes(value))),
        ),
      ];
    }),
  );
}

/** The parts of a cold start, in ms. */
export function loadTable(rows: readonly Row[]): string {
  return markdownTable(
    [...NAME_COLUMNS, ...figures('read', 'pack', 'compile', 'upload', 'first run')],
    rows.map((row) => {
      const { load } = row.record;
      return [
        ...rowNames(row),
        ...statusOr(row, [
          number(load?.readMs),
          number(load?.packMs),
          number(load?.compileMs),
          number(load?.uploadMs),
          number(load?.firstRunMs),
        ]),
      ];
    }),
  );
}

export function rowNames({ number: rowNumber, record }: Row): string[] {
  const { weights, kv, activations } = record.cell.variant;
  return [
    String(rowNumber),
    weights,
    kv,
    activations,
    escapeMarkdown(backendName(record)),
    escapeMarkdown(workloadName(record.cell.workload)),
  ];
}

/** The figures, or in the place of the first the word why there are none. */
function statusOr({ record }: Row, texts: string[]): string[] {
  const { status } = record.outcome;
  return status === 'ok' ? texts : texts.map((_, i) => (i === 0 ? status : '–'));
}

function repetitionCount({ launches }: BenchRecord): string {
  if (launches.length === 0) return '0';
  const counts = launches.map(({ repetitions }) => repetitions.length);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return `${launches.length} × ${low === high ? low : `${low}–${high}`}`;
}

function figures(...titles: string[]): MarkdownColumn[] {
  return titles.map((title) => ({ title, align: 'right' }));
}

/** `812 (790 to 835), 8 ahead, 0.125 syncs a token` */
function runAhead(figure: NonNullable<BenchRecord['decode']>['runAhead'] | undefined): string {
  if (!figure) return 'n/a';
  const { steps, tokensPerSecond, syncsPerToken } = figure;
  const syncs = `${formatNumber(syncsPerToken)} syncs a token`;
  return `${formatInterval(tokensPerSecond)}, ${steps} ahead, ${syncs}`;
}

function interval(estimate: Estimate | null | undefined): string {
  return estimate ? formatInterval(estimate) : 'n/a';
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? 'n/a' : formatNumber(value);
}
