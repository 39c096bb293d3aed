import type { PhaseEnergy } from '../core/energy.ts';
import type { Estimate } from '../core/record.ts';
import type { PhaseRoofline } from '../core/roofline.ts';
import { formatInterval, formatNumber } from './format.ts';
import { type MarkdownColumn, markdownTable } from './markdown-text.ts';
import { NAME_COLUMNS, type Row, rowNames } from './result-tables.ts';

/** Shares of the adapter's measured peaks; null where no row has any. */
export function rooflineTable(rows: readonly Row[]): string | null {
  const known = rows.filter(({ record }) => record.roofline !== null);
  if (known.length === 0) return null;
  const titles = [
    ...['peak GB/s', 'peak GFLOP/s f32', 'f16'],
    ...['prefill MB', 'prefill GFLOP', 'prefill MBU', 'prefill MFU'],
    ...['step MB', 'step GFLOP', 'decode MBU', 'decode MFU'],
  ];
  return markdownTable(
    [...NAME_COLUMNS, ...figures(titles)],
    known.map((row) => {
      const { roofline } = row.record;
      const { f32GflopPerSecond, f16GflopPerSecond } = roofline?.peaks ?? {};
      return [
        ...rowNames(row),
        number(roofline?.peakGbPerSecond),
        number(f32GflopPerSecond),
        number(f16GflopPerSecond),
        ...phaseTexts(roofline?.prefill),
        ...phaseTexts(roofline?.decode),
      ];
    }),
  );
}

function phaseTexts(phase: PhaseRoofline | null | undefined): string[] {
  if (!phase) return ['n/a', 'n/a', 'n/a', 'n/a'];
  const { bytes, flops, mbu, mfu, arithmetic } = phase;
  const ofHalf = arithmetic === 'f16' ? ' of f16' : '';
  return [
    formatNumber(bytes / 1e6),
    formatNumber(flops / 1e9),
    percent(mbu),
    `${percent(mfu)}${ofHalf}`,
  ];
}

/** Joules by phase; null where no row knows any. */
export function energyTable(rows: readonly Row[]): string | null {
  const known = rows.filter(({ record }) => record.energy !== null);
  if (known.length === 0) return null;
  const phase = (name: string) => [
    `${name} J/token`,
    `${name} W`,
    `${name} J`,
    'over s',
    'samples',
  ];
  return markdownTable(
    [...NAME_COLUMNS, ...figures(['source', 'idle W', ...phase('prefill'), ...phase('decode')])],
    known.map((row) => {
      const { energy } = row.record;
      return [
        ...rowNames(row),
        energy?.source ?? 'n/a',
        number(energy?.idleW),
        ...energyTexts(energy?.prefill),
        ...energyTexts(energy?.decode),
      ];
    }),
  );
}

function energyTexts(phase: PhaseEnergy | null | undefined): string[] {
  if (!phase) return ['n/a', 'n/a', 'n/a', 'n/a', 'n/a'];
  const { joulesPerToken, meanW, joules, windowMs, samples } = phase;
  return [...[joulesPerToken, meanW, joules, windowMs / 1000].map(formatNumber), String(samples)];
}

function figures(titles: readonly string[]): MarkdownColumn[] {
  return titles.map((title) => ({ title, align: 'right' }));
}

function percent({ median, low, high }: Estimate): string {
  const hundredfold = (share: number | null) => (share === null ? null : 100 * share);
  const figure = { median: 100 * median, low: hundredfold(low), high: hundredfold(high) };
  return `${formatInterval(figure)} %`;
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? 'n/a' : formatNumber(value);
}
