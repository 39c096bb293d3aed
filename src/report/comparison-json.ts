import { pairName } from '../core/cell-identity.ts';
import { METRICS } from '../core/comparison-metrics.ts';
import { VERDICTS, type Verdict } from '../core/comparison-verdict.ts';
import { softwareCaveat } from './caveats.ts';
import { comparisonNotes } from './comparison-notes.ts';
import type { ShownComparison } from './shown-comparison.ts';

/** A comparison for programs. `ratio` is how many times as fast B is, whatever the metric's direction. */
export function comparisonJson(comparison: ShownComparison): unknown {
  const { rows, unmatched, skipped, sides, tests, allowed } = comparison;
  const verdicts = Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length]),
  ) as Record<Verdict, number>;
  return {
    schema: 1,
    kind: 'comparison',
    sides,
    allowed,
    tests,
    verdicts,
    rows: rows.map(({ pair, metric, a, b, launches, margin, ...row }) => ({
      cell: pairName(pair.a, pair.b),
      metric,
      unit: METRICS[metric].unit,
      a: { record: pair.a.id, run: pair.a.run, value: a, launches: launches.a },
      b: { record: pair.b.id, run: pair.b.run, value: b, launches: launches.b },
      margin: margin.value,
      noiseFloor: margin.floor,
      noiseRecords: margin.noiseIds,
      ...row,
    })),
    notCompared: unmatched.map(({ side, record, nearest }) => ({
      side,
      record: record.id,
      cell: pairName(record, record),
      nearest: nearest?.record.id ?? null,
      differs: nearest?.keys ?? [],
    })),
    skipped: skipped.map(({ pair, metric, reason }) => ({
      cell: pairName(pair.a, pair.b),
      metric,
      reason,
    })),
    caveat: softwareCaveat(rows.flatMap(({ pair }) => [pair.a, pair.b])),
    notes: comparisonNotes(comparison),
  };
}
