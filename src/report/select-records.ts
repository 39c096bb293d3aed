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
