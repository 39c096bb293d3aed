import type {
  KernelContender,
  KernelMeasurementRecord,
  KernelOutcome,
} from '../core/kernel-record.ts';
import { formatEstimate, formatNumber, plainText } from './format.ts';
import { textGrid, wrapText } from './text-grid.ts';

type Role = KernelContender['role'];

/** An operation as one model uses it. */
export interface KernelRow {
  use: string;
  record: KernelMeasurementRecord;
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

/** A grid of operations; without a peer in any of them, without its columns. */
export function kernelGrid(rows: readonly KernelRow[], notes: KernelNotes): string[] {
  const hasPeer = rows.some(({ record }) => contender(record, 'peer') !== undefined);
  const isShown = (i: number) => hasPeer || ![9, 10, 12].includes(i);
  const columns = COLUMNS.map(([title, unit, align]) => ({ heading: [title, unit], align }));
  return textGrid(
    columns.filter((_, i) => isShown(i)),
    rows.map(({ use, record }) => rowTexts(use, record, notes).filter((_, i) => isShown(i))),
  );
}

function rowTexts(use: string, record: KernelMeasurementRecord, notes: KernelNotes): string[] {
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
export class KernelNotes {
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, number);
    return number;
  }

  lines(width: number): string[] {
    if (this.#numbers.size === 0) return [];
    const lines = [...this.#numbers].flatMap(([text, number]) =>
      wrapText(`(${number}) ${text}`, width, '    '),
    );
    return ['Notes:', ...lines];
  }
}
