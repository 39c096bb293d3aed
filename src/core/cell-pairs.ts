import {
  type CellIdentity,
  cellIdentityOf,
  differingKeys,
  IDENTITY_KEYS,
  type IdentityKey,
} from './cell-identity.ts';
import type { BenchRecord } from './record.ts';

export interface RecordPair {
  a: BenchRecord;
  b: BenchRecord;
  /** Launches took turns in one run: launch i of one stands beside launch i of the other. */
  isInterleaved: boolean;
}

/** A cell of one side that has no counterpart. */
export interface UnmatchedCell {
  side: 'A' | 'B';
  record: BenchRecord;
  /** The cell of the other side that comes nearest, and the keys that keep them apart; null where there is none. */
  nearest: { record: BenchRecord; keys: readonly IdentityKey[] } | null;
}

export interface Matching {
  pairs: RecordPair[];
  unmatched: UnmatchedCell[];
}

/** What was measured of one cell last. */
interface Candidate {
  record: BenchRecord;
  identity: CellIdentity;
}

/** What an engine brings along: naming the backend names it too. */
const FOLLOWS_BACKEND: readonly IdentityKey[] = ['engine'];

/**
 * Pairs each cell of A with that of B which agrees on every key but those in `free` (what is compared, and what
 * the user allowed to differ); of several the one that differs in the fewest of these. The newest finished
 * record of a cell speaks for it. Cells of either side that find no counterpart are listed with the reason.
 */
export function matchCells(
  recordsA: readonly BenchRecord[],
  recordsB: readonly BenchRecord[],
  free: readonly IdentityKey[],
): Matching {
  const loose = new Set([...free, ...(free.includes('backend') ? FOLLOWS_BACKEND : [])]);
  const fixed = IDENTITY_KEYS.filter((key) => !loose.has(key));
  const [a, b] = [newestOfEach(recordsA), newestOfEach(recordsB)];
  const pairs: RecordPair[] = [];
  const unmatched: UnmatchedCell[] = [];
  const taken = new Set<Candidate>();
  for (const candidate of a) {
    const partner = nearestOf(
      candidate,
      b.filter(({ identity }) => fixed.every((key) => identity[key] === candidate.identity[key])),
    );
    if (partner === null) unmatched.push(lonely('A', candidate, b, fixed));
    else {
      taken.add(partner);
      pairs.push(pairOf(candidate.record, partner.record));
    }
  }
  for (const candidate of b) {
    if (taken.has(candidate)) continue;
    unmatched.push(lonely('B', candidate, a, fixed));
  }
  return { pairs, unmatched };
}

function pairOf(a: BenchRecord, b: BenchRecord): RecordPair {
  return { a, b, isInterleaved: areInterleaved(a, b) };
}

/**
 * Whether launch i of both was over before launch i + 1 of either began, by the times at which they started, in
 * one run. Where one side has more launches than the other, those beyond have no pair.
 */
export function areInterleaved(a: BenchRecord, b: BenchRecord): boolean {
  if (a.run !== b.run) return false;
  const pairs = Math.min(a.launches.length, b.launches.length);
  const starts = Array.from({ length: pairs }, (_, i) =>
    [a, b].map(({ launches }) => Date.parse(launches[i]?.startedAt ?? '')),
  );
  return starts.every((now, i) => {
    const next = starts[i + 1];
    return next === undefined || Math.max(...now) <= Math.min(...next);
  });
}

function newestOfEach(records: readonly BenchRecord[]): Candidate[] {
  const newest = new Map<string, Candidate>();
  for (const record of records) {
    const identity = cellIdentityOf(record);
    const key = JSON.stringify(IDENTITY_KEYS.map((name) => identity[name]));
    const known = newest.get(key);
    if (known === undefined || known.record.createdAt <= record.createdAt) {
      newest.set(key, { record, identity });
    }
  }
  return [...newest.values()];
}

/** The one that differs in the fewest keys; among equals the newest. */
function nearestOf(to: Candidate, candidates: readonly Candidate[]): Candidate | null {
  const distance = ({ identity }: Candidate) => differingKeys(identity, to.identity).length;
  const [nearest] = [...candidates].sort(
    (x, y) => distance(x) - distance(y) || (x.record.createdAt < y.record.createdAt ? 1 : -1),
  );
  return nearest ?? null;
}

function lonely(
  side: 'A' | 'B',
  candidate: Candidate,
  others: readonly Candidate[],
  fixed: readonly IdentityKey[],
): UnmatchedCell {
  const apart = (other: Candidate) =>
    fixed.filter((key) => other.identity[key] !== candidate.identity[key]);
  const [nearest] = [...others].sort((x, y) => apart(x).length - apart(y).length);
  return {
    side,
    record: candidate.record,
    nearest: nearest === undefined ? null : { record: nearest.record, keys: apart(nearest) },
  };
}
