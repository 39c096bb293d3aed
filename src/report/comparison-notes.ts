import { cellIdentityOf, differingKeys, shownValue } from '../core/cell-identity.ts';
import type { RecordPair } from '../core/cell-pairs.ts';
import type { ComparisonRow } from '../core/compare-records.ts';
import { METRICS } from '../core/comparison-metrics.ts';
import type { BenchRecord } from '../core/record.ts';
import { counted, plainText } from './format.ts';
import type { ShownComparison } from './shown-comparison.ts';

/** What a reader of the verdicts must know: pairing, margins, differences that were allowed, flags, gaps. */
export function comparisonNotes(comparison: ShownComparison): string[] {
  const { rows, skipped, unfinished, allowed } = comparison;
  const pairs = [...new Set(rows.map(({ pair }) => pair))];
  return [
    ...pairingNotes(pairs),
    ...testNotes(rows),
    ...marginNotes(comparison),
    ...(allowed.length === 0 ? [] : [`Allowed to differ: ${allowed.join(', ')}.`]),
    ...distinct(pairs.flatMap(differenceNotes)),
    ...distinct(
      skipped
        .filter(({ reason }) => !reason.startsWith('neither'))
        .map(({ metric, reason }) => `${METRICS[metric].label} not compared: ${reason}.`),
    ),
    ...(['a', 'b'] as const).flatMap((side) =>
      unfinished[side] === 0
        ? []
        : [
            `${side.toUpperCase()} has ${counted(unfinished[side], 'record')} of cells that did not finish.`,
          ],
    ),
  ];
}

function pairingNotes(pairs: readonly RecordPair[]): string[] {
  const themselves = pairs.filter(({ a, b }) => a.id === b.id).length;
  const apart = pairs.filter(({ isInterleaved }) => !isInterleaved).length;
  const notes = [];
  if (themselves > 0) notes.push(`${counted(themselves, 'cell')}: a record beside itself.`);
  if (apart > 0) {
    notes.push(
      `${counted(apart, 'cell')} unpaired: A and B did not take turns in one run, so what the machine did ` +
        'between them is not in the interval. Measure both in one mtok bench where that is possible.',
    );
  }
  return notes;
}

function testNotes(rows: readonly ComparisonRow[]): string[] {
  const used = new Set(rows.flatMap(({ test }) => test ?? []));
  const names = [
    ...(used.has('sign-flip') ? ['signs of pairs flipped'] : []),
    ...(used.has('labels') ? ['labels of launches permuted'] : []),
  ];
  return names.length === 0 ? [] : [`p: ${names.join('; ')}; after Holm over all tests here.`];
}

function marginNotes({ rows, noise }: ShownComparison): string[] {
  const ids = new Set(rows.flatMap(({ margin }) => margin.noiseIds));
  const used = noise
    .filter(({ id }) => ids.has(id))
    .map(
      ({ cell, device, createdAt }) =>
        `δ of ${cell.backend} on ${plainText(device.name)}: at least 2 %, and what A/A of ${createdAt.slice(0, 19)}Z shows at so many launches.`,
    );
  const without = rows
    .filter(({ margin }) => margin.floor === null)
    .flatMap(({ pair }) => [pair.a.cell.backend, pair.b.cell.backend]);
  if (without.length === 0) return used;
  const backends = [...new Set(without)].join(',');
  return [
    ...used,
    `No noise floor is known for ${backends} here; δ is 2 %. Measure it into the same store with mtok noise --backend ${backends}.`,
  ];
}

/** Settings of the measurement, and keys of the cell, that differ within a pair. */
function differenceNotes({ a, b }: RecordPair): string[] {
  const keys = differingKeys(cellIdentityOf(a), cellIdentityOf(b)).map(
    (key) => [key, shownValue(a, key), shownValue(b, key)] as const,
  );
  const names = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  const settings = [...names]
    .filter((name) => name.startsWith('protocol.') && a.settings[name] !== b.settings[name])
    .map((name) => [name, said(a, name), said(b, name)] as const);
  return [...keys, ...settings].map(
    ([name, here, there]) => `${name}: ${plainText(here)} in A, ${plainText(there)} in B.`,
  );
}

function said({ settings }: BenchRecord, name: string): string {
  return `${settings[name] ?? 'unsaid'}`;
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
