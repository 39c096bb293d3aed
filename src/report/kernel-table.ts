import type { Peaks } from '../core/kernel-peaks.ts';
import type { KernelMeasurementRecord } from '../core/kernel-record.ts';
import { formatNumber, plainText } from './format.ts';
import { KernelNotes, type KernelRow, kernelGrid } from './kernel-rows.ts';
import { wrapText } from './text-grid.ts';

const WIDTH = 130;

/** What must stand above and below timings that no GPU produced; null where one did. */
function softwareKernelCaveat(name: string): string {
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
  const notes = new KernelNotes();
  const grids = [...byModel(shown)].flatMap(([model, rows]) => [
    '',
    model,
    ...kernelGrid(rows, notes),
  ]);
  const peaks = shown.find((record) => record.peaks !== null)?.peaks ?? first.peaks;
  const lines = [
    ...caveat,
    `Device: ${plainText(device.name)} (${plainText(device.vendor)}, ${device.kind})`,
    ...(peaks ? wrapText(peaksLine(peaks), WIDTH, '  ') : []),
    ...grids,
    '',
    ...wrapText(LEGEND, WIDTH),
    ...notes.lines(WIDTH),
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
  'ours by blocks, with the 95 % interval: above 1 our kernels are faster; what precision each computes in ' +
  'stands under Settings. NMSE: Σ(got − want)² / Σ want² against f64.';

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
function byModel(records: readonly KernelMeasurementRecord[]): Map<string, KernelRow[]> {
  const models = new Map<string, KernelRow[]>();
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
