import { BACKEND_NAMES, HOST_NAMES, WEIGHT_FORMATS } from '../core/cell.ts';
import type { BenchRecord } from '../core/record.ts';

/** The newest record of every cell (by key), in the order in which the cells were first measured. */
export function latestOfEachCell(records: readonly BenchRecord[]): BenchRecord[] {
  const latest = new Map<string, BenchRecord>();
  for (const record of records) {
    const known = latest.get(record.key);
    if (known === undefined || known.createdAt <= record.createdAt) latest.set(record.key, record);
  }
  return [...latest.values()];
}

/** The records of one run; `latest` is the run that was stored last. */
export function recordsOfRun(records: readonly BenchRecord[], run: string): BenchRecord[] {
  const wanted = run === 'latest' ? records.at(-1)?.run : run;
  return records.filter((record) => record.run === wanted);
}

/**
 * Records as one reads them, whatever order they were measured in: by model, workload and weights, so that
 * the engines one compares stand together.
 */
export function inReadingOrder(records: readonly BenchRecord[]): BenchRecord[] {
  const models = [...new Set(records.map(({ cell }) => cell.model))];
  const place = ({ cell, createdAt }: BenchRecord): (number | string)[] => [
    models.indexOf(cell.model),
    cell.workload.depth,
    cell.workload.batch,
    cell.workload.promptTokens,
    cell.workload.generatedTokens,
    WEIGHT_FORMATS.indexOf(cell.variant.weights),
    BACKEND_NAMES.indexOf(cell.backend),
    HOST_NAMES.indexOf(cell.host),
    createdAt,
  ];
  return [...records].sort((a, b) => compare(place(a), place(b)));
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, value] of a.entries()) {
    const other = b[i];
    if (other !== undefined && value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
