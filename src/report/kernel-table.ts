import type { Peaks } from '../core/kernel-peaks.ts';
import type {
  KernelContender,
  KernelMeasurementRecord,
  KernelOutcome,
} from '../core/kernel-record.ts';
import { formatEstimate, formatNumber, plainText } from './format.ts';
import { textGrid, wrapText } from './text-grid.ts';

const WIDTH = 130;

type Role = KernelContender['role'];

/** What must stand above and below timings that no GPU produced; null where one did. */
export function softwareKernelCaveat(name: string): string {
  return (
    `SOFTWARE ADAPTER: everything here ran on ${plainText(name)}. ` +
    "These timings are a software adapter's, not a GPU's."
  );
}

/** The timings of a run for a terminal: a grid for each model, with what a reader must know about them around it. */
export function renderKernelTable(records: readonly KernelMeasurementRecord[]): string {
  const [first] = records;
  if (!first) return 'No operations were timed.\n';
  const { device } = first;
  const caveat =
    device.kind === 'software' ? wrapText(softwareKernelCaveat(device.name), WIDTH) : [];
  const shown = records.filter(({ outcome }) => outcome.status !== 'skipped');
  const notes = new Notes();
  const grids = [...byModel(shown)].flatMap(([model, rows]) => ['', model, ...grid(rows, notes)]);
  const peaks = shown.find((record) => record.peaks !== null)?.peaks ?? first.peaks;
  const lines = [
    ...caveat,
    `Device: ${plainText(device.name)} (${plainText(device.vendor)}, ${device.kind})`,
    ...(peaks ? wrapText(peaksLine(peaks), WIDTH, '  ') : []),
    ...grids,
    '',
    ...wrapText(LEGEND, WIDTH),
    ...notes.lines(),
    ...settingsLines(shown),
    ...skippedLines(records),
    ...caveat,
  ];
  return `${lines.join('\n')}\n`;
}

const LEGEND =
  'M @ cache: rows of a product; of attention, new tokens behind those in the cache. ms: median of one run on ' +
  'weights or cache that take turns with copies, so that no cache serves them; ±: half the 95 % interval. ' +
  'warm: the same data again and again. GB/s and GFLOP/s: bytes that the operation must move at least, and ' +
  'its multiplications and additions, by ms. peak: the time that the measured bandwidth (bw) or f32 ' +
  'multiply-add rate (fma) asks for at least, whichever is longer, as a part of ms. peer/ours: its time over ' +
  'ours by blocks, with the 95 % interval: above 1 our kernels are faster. NMSE: error against f64.';

function peaksLine(peaks: Peaks): string {
  const { readGbPerSecond, copyGbPerSecond, f32GflopPerSecond, f16GflopPerSecond } = peaks;
  const f16 = f16GflopPerSecond === null ? 'none' : formatNumber(f16GflopPerSecond);
  return (
    `Peaks measured in this run: read ${formatNumber(readGbPerSecond)} GB/s, copy ` +
    `${formatNumber(copyGbPerSecond)} GB/s; multiply-add f32 ${formatNumber(f32GflopPerSecond)} GFLOP/s, ` +
    `f16 ${f16}; ${formatNumber(peaks.dispatchUs)} µs a dispatch on the device, ` +
    `${formatNumber(peaks.encodeUs)} µs of host time to encode one`
  );
}

/** Records by the models that use them; one that several use stands with each. */
function byModel(
  records: readonly KernelMeasurementRecord[],
): Map<string, { use: string; record: KernelMeasurementRecord }[]> {
  const models = new Map<string, { use: string; record: KernelMeasurementRecord }[]>();
  for (const record of records) {
    for (const use of record.uses) {
      const space = use.indexOf(' ');
      const model = use.slice(0, space);
      const rows = models.get(model) ?? [];
      rows.push({ use: use.slice(space + 1), record });
      models.set(model, rows);
    }
  }
  return models;
}

const COLUMNS = [
  ['operation', '', 'left'],
  ['shape', '', 'left'],
  ['format', '', 'left'],
  ['M', '@ cache', 'right'],
  ['ours', 'ms', 'right'],
  ['warm', 'ms', 'right'],
  ['GB/s', '', 'right'],
  ['GFLOP/s', '', 'right'],
  ['peak', '', 'right'],
  ['peer', 'ms', 'right'],
  ['peer/ours', '[95 %]', 'right'],
  ['NMSE', 'ours', 'right'],
  ['NMSE', 'peer', 'right'],
  ['notes', '', 'left'],
] as const;

function grid(
  rows: readonly { use: string; record: KernelMeasurementRecord }[],
  notes: Notes,
): string[] {
  const hasPeer = rows.some(({ record }) => contender(record, 'peer') !== undefined);
  const isShown = (i: number) => hasPeer || ![9, 10, 12].includes(i);
  const columns = COLUMNS.map(([title, unit, align]) => ({ heading: [title, unit], align }));
  return textGrid(
    columns.filter((_, i) => isShown(i)),
    rows.map(({ use, record }) => rowTexts(use, record, notes).filter((_, i) => isShown(i))),
  );
}

function rowTexts(use: string, record: KernelMeasurementRecord, notes: Notes): string[] {
  const ours = contender(record, 'cold');
  const warm = contender(record, 'warm');
  const peer = contender(record, 'peer');
  const figures = ours?.figures;
  const outcomes = [record.outcome, ours?.outcome, warm?.outcome, peer?.outcome];
  const numbers = outcomes.flatMap((outcome, i) =>
    outcome && outcome.status !== 'ok'
      ? [notes.number(i === 3 ? `peer: ${reasonOf(outcome)}` : reasonOf(outcome))]
      : [],
  );
  return [
    use,
    ...shapeTexts(record),
    figures ? formatEstimate(figures.ms) : (ours ?? record).outcome.status,
    warm?.figures ? formatNumber(warm.figures.ms.median) : '-',
    figures ? formatNumber(figures.gbPerSecond) : '-',
    figures ? formatNumber(figures.gflopPerSecond) : '-',
    figures
      ? `${percent(figures.peakShare)} ${figures.bound === 'bandwidth' ? 'bw ' : 'fma'}`
      : '-',
    peer?.figures ? formatNumber(peer.figures.ms.median) : (peer?.outcome.status ?? '-'),
    ratioText(record),
    nmseText(ours),
    nmseText(peer),
    [...new Set(numbers)].join(','),
  ];
}

function shapeTexts({ operation }: KernelMeasurementRecord): [string, string, string] {
  if (operation.kind === 'product') {
    const { k, n, format, rows } = operation;
    return [`${k}→${n}`, format, String(rows)];
  }
  const { heads, kvHeads, headDim, kv, seq, position } = operation;
  return [`${heads}/${kvHeads}×${headDim}`, kv, `${seq} @ ${position}`];
}

function contender(record: KernelMeasurementRecord, role: Role): KernelContender | undefined {
  return record.contenders.find((one) => one.role === role);
}

function ratioText({ ratio }: KernelMeasurementRecord): string {
  if (!ratio) return 'n/a';
  const { median, low, high } = ratio;
  const bounds = low === null || high === null ? '' : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return `${median.toFixed(2)}${bounds}`;
}

function nmseText(one: KernelContender | undefined): string {
  return one?.accuracy ? formatNmse(one.accuracy.nmse) : '-';
}

/** `3e-14`; `0` where nothing differs. */
export function formatNmse(nmse: number): string {
  return nmse === 0 ? '0' : nmse.toExponential(0);
}

/** `73%`; a digit more below ten. */
function percent(share: number): string {
  const value = 100 * share;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}%`;
}

function reasonOf({ code, message, hint }: KernelOutcome): string {
  const text = `[${code ?? 'failed'}] ${message ?? 'no reason given'}`;
  return plainText(hint === undefined ? text : `${text} ${hint}`);
}

/** Numbers every distinct remark in the order in which rows point at it. */
class Notes {
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, number);
    return number;
  }

  lines(): string[] {
    if (this.#numbers.size === 0) return [];
    const lines = [...this.#numbers].flatMap(([text, number]) =>
      wrapText(`(${number}) ${text}`, WIDTH, '    '),
    );
    return ['Notes:', ...lines];
  }
}

/** What follows from an operation's size or was found out about it; it is in the records. */
const OF_ONE_OPERATION: readonly string[] = [
  'cache',
  'copies',
  'nmse',
  'tried',
  'operator',
  'operationsPerCall',
  'callsPerSample',
  'callOverheadMs',
  'hostMsPerOperation',
  'gpuMsPerOperation',
];

/** Every distinct way in which something was done, with the operations done so. */
function settingsLines(records: readonly KernelMeasurementRecord[]): string[] {
  const ways = new Map<string, Set<string>>();
  for (const record of records) {
    for (const { role, name, settings, figures } of record.contenders) {
      if (role === 'warm' || !figures) continue;
      const choices = Object.entries(settings)
        .filter(([key]) => !OF_ONE_OPERATION.includes(key))
        .map(([key, value]) => `${key} ${value}`);
      const way = plainText(`${name}: ${choices.join(', ')}`);
      ways.set(way, (ways.get(way) ?? new Set()).add(record.name));
    }
  }
  if (ways.size === 0) return [];
  const lines = [...ways]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .flatMap(([way, names]) => wrapText(`- ${way} — ${[...names].join('; ')}`, WIDTH, '  '));
  return ['Settings:', ...lines];
}

function skippedLines(records: readonly KernelMeasurementRecord[]): string[] {
  const skipped = records.filter(({ outcome }) => outcome.status === 'skipped');
  if (skipped.length === 0) return [];
  const hint = skipped[0]?.outcome.hint;
  return [
    `Not timed, ${skipped.length} of ${records.length} operations:`,
    ...skipped.flatMap(({ name, uses, outcome }) =>
      wrapText(`- ${name} (${uses.join(', ')}): ${outcome.message ?? ''}`, WIDTH, '  '),
    ),
    ...(hint === undefined ? [] : [hint]),
  ];
}
