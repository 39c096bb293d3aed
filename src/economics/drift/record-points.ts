import {
  cellIdentityOf,
  differingKeys,
  driverOf,
  type IdentityKey,
} from '../../core/cell-identity.ts';
import { newestNoise } from '../../core/noise-margin.ts';
import type { NoiseRecord } from '../../core/noise-record.ts';
import type { BenchRecord } from '../../core/record.ts';
import { TOKENS_PER_MTOK } from '../units.ts';
import { cvOfFloor, cvOfInterval } from './noise.ts';
import type { CostPoint, UnknownPoint } from './unit-cost.ts';

export type CostPhase = 'prefill' | 'decode';

export interface RecordPointOptions {
  phase: CostPhase;
  /** For all records; null: what each was priced at. */
  usdPerHour: number | null;
  /** Of the throughput, where neither a record nor an A/A floor says it. */
  throughputCv: number | null;
  noise: readonly NoiseRecord[];
  /** Runs in which the machine changed: what they measured is no drift of the cell. */
  invalidRuns: ReadonlySet<string>;
}

/** What may change from record to record of one cell: the drift that they bring is what is looked for. */
const MAY_DIFFER: readonly IdentityKey[] = ['driver', 'engine'];

/** Floors fall with the launches; more than these get that of so many, since a draw over more takes too long. */
const MOST_LAUNCHES = 30;

/** Records that measured the same cell on the same device, whatever the driver and the engine's version; oldest first. */
export function sameCell(record: BenchRecord, records: readonly BenchRecord[]): BenchRecord[] {
  const identity = cellIdentityOf(record);
  return records
    .filter((other) =>
      differingKeys(identity, cellIdentityOf(other)).every((key) => MAY_DIFFER.includes(key)),
    )
    .sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id));
}

/**
 * The cost of a million tokens of one phase in each record, the throughput with its noise: that of the record's own
 * interval or, where it is larger, of the A/A floor of so many launches on that engine and device.
 */
export function recordPoints(
  records: readonly BenchRecord[],
  options: RecordPointOptions,
): (CostPoint | UnknownPoint)[] {
  const floors = new Map<string, number>();
  return records.map((record) => {
    const { id, createdAt: at, cost } = record;
    const source = `record ${id}`;
    if (options.invalidRuns.has(record.run)) {
      return { at, source, reason: `the session of record ${id} is invalid` };
    }
    const rate = record[options.phase]?.tokensPerSecond;
    if (!rate || rate.median <= 0) {
      return { at, source, reason: `record ${id} measured no ${options.phase}` };
    }
    const usdPerHour = options.usdPerHour ?? cost?.usdPerHour ?? null;
    if (usdPerHour === null || usdPerHour <= 0) {
      return { at, source, reason: `record ${id} has no price; give one with --gpu-price` };
    }
    const own =
      rate.low === null || rate.high === null || rate.low <= 0
        ? null
        : cvOfInterval(rate.low, rate.high);
    const floor = floorCv(record, options, floors);
    const cv =
      own === null && floor === null ? options.throughputCv : Math.max(own ?? 0, floor ?? 0);
    return {
      at,
      source,
      factors: {
        usdPerHour: { value: usdPerHour, cv: 0 },
        tokensPerSecond: { value: rate.median, cv },
        utilization: { value: 1, cv: 0 },
        tokensPerUnit: { value: TOKENS_PER_MTOK, cv: 0 },
      },
    };
  });
}

/** Null where no A/A measurement fits. Thousands of draws make one floor: each is made once. */
function floorCv(
  record: BenchRecord,
  { phase, noise }: RecordPointOptions,
  floors: Map<string, number>,
): number | null {
  const { backend, host } = record.cell;
  const device = record.device?.name ?? null;
  const known = newestNoise({ backend, host, device, driver: driverOf(record) }, phase, noise);
  if (known === null) return null;
  const launches = Math.min(record.launches.length, MOST_LAUNCHES);
  const key = `${known.id} ${launches}`;
  const cv = floors.get(key) ?? cvOfFloor(known.floorOf(launches));
  floors.set(key, cv);
  return cv;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
