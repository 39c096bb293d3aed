import type { BenchRecord } from '../core/record.ts';
import { sessionProblem } from '../core/session-flags.ts';
import type { SessionRecord } from '../core/session-record.ts';
import type { ChargeCell } from '../measure/build-record.ts';

/**
 * Finished records by key, the latest of each. A cell that failed or timed out is not finished: it runs
 * again, and so does one of a session that turned out invalid. What is unsupported stays so.
 */
export function finishedRecords(
  records: readonly BenchRecord[],
  sessions: readonly SessionRecord[] = [],
): Map<string, BenchRecord> {
  const finished = new Map<string, BenchRecord>();
  for (const record of records) {
    const { status } = record.outcome;
    const isValid = status === 'ok' && sessionProblem(record.run, sessions) === null;
    if (isValid || status === 'unsupported') finished.set(record.key, record);
  }
  return finished;
}

/** The record with its measurement charged at today's price: the one asked for now, not that of the first run. */
export function recharge(record: BenchRecord, charge: ChargeCell): BenchRecord {
  if (record.outcome.status !== 'ok' || record.device === null) return record;
  const { cost, flags } = charge(record.device, record);
  const others = record.flags.filter(({ code }) => !code.startsWith('price-'));
  return { ...record, cost, flags: [...others, ...flags] };
}
