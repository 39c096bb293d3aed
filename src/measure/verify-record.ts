import { type Difference, differences } from '../core/differences.ts';
import { BenchError, type ErrorCode } from '../core/errors.ts';
import type { BenchRecord, Cost, Estimate, Flag } from '../core/record.ts';
import { buildRecord } from './build-record.ts';
import type { LaunchResult } from './launch.ts';
import { DEFAULT_PROTOCOL, type RunProtocol } from './protocol.ts';
import { rooflineOf } from './roofline.ts';

/** Charges rates at a price that is known; src/economics does it. */
export type ChargeRates = (
  rates: { prefill: Estimate | null; decode: Estimate | null },
  quote: Pick<Cost, 'usdPerHour' | 'price'>,
) => Cost;

/** Room for another machine's or Node's last digits in logarithms and powers. */
const TOLERANCE = 1e-9;

/** Figures that follow from the raw samples and from what a record says went in. */
const FIGURES = ['prefill', 'decode', 'load', 'memory', 'cost', 'energy', 'roofline'] as const;
const DIAGNOSES = ['protocol', 'diagnostics'] as const;

/** Flags that follow from the same. Others tell of what was asked for, of prices, or of other cells. */
const FLAGS: ReadonlySet<string> = new Set([
  'software-adapter',
  'packed-now',
  'no-interval',
  'low-n',
  'p95-withheld',
  'p99-withheld',
  'load-unknown',
  'memory-unknown',
  'not-measured',
]);
/** Of records that say by which protocol they were made. */
const PROTOCOL_FLAGS: ReadonlySet<string> = new Set([
  ...FLAGS,
  'below-timer-resolution',
  'no-run-ahead',
  'drift-in-launches',
  'drift-over-launches',
  'autocorrelation',
  'bimodal',
  'bimodal-launches',
  'severe-outliers',
  'do-not-rank',
  'noisy',
  'gc-pauses',
  'target-missed',
  'clocks-throttled',
  'other-load',
  'cpu-steal',
]);
/** From this many launches on, records without a protocol have bounds by a bootstrap that is no longer made. */
const BOOTSTRAP_LAUNCHES = 5;

export interface Verification {
  differences: Difference[];
  /** The bounds of intervals are by an earlier method and were not compared. */
  skipsBounds: boolean;
}

/**
 * Makes a record's figures again from its samples, seed, workload and price, by the code that made them, and
 * tells where they differ by more than 1e-9 of their size; flags are compared by code and field. Records from
 * before there was a protocol are held against what they had: no diagnostics, times withheld only at 0.
 */
export function verifyRecord(record: BenchRecord, charge: ChargeRates): Verification {
  // Through JSON, as the stored one went: fields that are undefined are absent there.
  const again = JSON.parse(JSON.stringify(rebuild(record, charge))) as BenchRecord;
  const isEarlier = record.protocol === null;
  const skipsBounds = isEarlier && record.launches.length >= BOOTSTRAP_LAUNCHES;
  const names = isEarlier ? FIGURES : [...FIGURES, ...DIAGNOSES];
  const flags = isEarlier ? FLAGS : PROTOCOL_FLAGS;
  const all = [
    ...differences(record.outcome.status, again.outcome.status, 0, 'outcome.status'),
    ...names.flatMap((name) => differences(record[name], again[name], TOLERANCE, name)),
    ...differences(flagNames(record.flags, flags), flagNames(again.flags, flags), 0, 'flags'),
  ];
  const isBound = ({ field }: Difference) => /\.(low|high)$/.test(field);
  return { differences: skipsBounds ? all.filter((one) => !isBound(one)) : all, skipsBounds };
}

function rebuild(record: BenchRecord, charge: ChargeRates): BenchRecord {
  const { id, run, key, createdAt, cell, seed, modelSha256, provenance } = record;
  const { outcome, cost, roofline } = record;
  return buildRecord({
    id,
    run,
    key,
    createdAt,
    cell,
    seed,
    modelSha256,
    provenance,
    protocol: protocolOf(record),
    stop: record.protocol?.stop ?? { rule: 'launch-cap', spentMs: 0 },
    results: resultsOf(record),
    error: outcome.status === 'ok' ? null : failureOf(outcome),
    charge: (_, { prefill, decode }) => {
      const rates = {
        prefill: prefill?.tokensPerSecond ?? null,
        decode: decode?.tokensPerSecond ?? null,
      };
      return { cost: cost && charge(rates, cost), flags: [] };
    },
    place: (measured) => ({
      roofline: roofline && rooflineOf(measured, roofline, roofline),
      flags: [],
    }),
  });
}

/** What the launches must have handed over. */
function resultsOf(record: BenchRecord): LaunchResult[] {
  const { cell, device, launches, settings, flags, profile, modelSha256 } = record;
  const { weights, kv, activations } = cell.variant;
  if (device === null || kv === 'auto' || activations === 'auto') return [];
  return launches.map((launch) => ({
    launch,
    modelSha256: modelSha256 ?? '',
    backend: cell.backend,
    variant: { weights, kv, activations },
    device,
    settings,
    provenance: {},
    warmupConverged: !flags.some(({ code }) => code === 'warmup-not-converged'),
    runAheadSteps: runAheadStepsOf(record),
    profile,
    clockQuantumMs: record.protocol === null ? 0 : numberOf(settings.clockQuantumMs, 0),
  }));
}

function runAheadStepsOf({ decode, launches, settings }: BenchRecord): number {
  if (decode?.runAhead) return decode.runAhead.steps;
  const ran = launches.some(({ repetitions }) =>
    repetitions.some((one) => one.runAheadMs !== null),
  );
  return ran ? numberOf(settings['protocol.runAheadSteps'], 1) : 1;
}

function protocolOf({ settings, protocol }: BenchRecord): RunProtocol {
  const { launchesMin: launches, ...rule } = protocol ?? {};
  return {
    ...DEFAULT_PROTOCOL,
    ...rule,
    ...(launches === undefined ? {} : { launches }),
    launch: {
      ...DEFAULT_PROTOCOL.launch,
      runAheadSteps: numberOf(settings['protocol.runAheadSteps'], 1),
      profile: settings['protocol.profile'] === true,
    },
  };
}

function failureOf({ status, code, message, hint }: BenchRecord['outcome']): BenchError {
  const fallback = { ok: 'internal', failed: 'internal', unsupported: 'unsupported' } as const;
  const known = status === 'timed-out' ? 'timeout' : fallback[status];
  const options = hint === undefined ? {} : { hint };
  return new BenchError((code ?? known) as ErrorCode, message ?? '', options);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function flagNames(flags: readonly Flag[], compared: ReadonlySet<string>): string[] {
  const derived = flags.filter(({ code }) => compared.has(code));
  return [...new Set(derived.map(({ code, field }) => `${code} ${field ?? 'cell'}`))].sort();
}
