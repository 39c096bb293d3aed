import type { CostPhase } from '../../economics/drift/record-points.ts';
import { usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import { parseShare } from './quantity-option.ts';

/** Options of `mtok cost drift` as typed. */
export interface CostDriftArguments {
  record?: string;
  store?: string;
  phase?: string;
  gpuPrice?: string;
  cv?: string;
  baseline: string;
  since?: string;
  z?: string;
  last?: string;
  failOnDrift?: string | true;
  seed?: string;
  json?: true;
}

export interface DriftRequest {
  /** A file, or the record whose cell is followed. */
  source: { file: string } | { record: string; store: string | null };
  phase: CostPhase;
  usdPerHour: number | null;
  throughputCv: number | null;
  baselinePoints: number;
  /** The beginning of a date in ISO 8601. */
  since: string | null;
  z: number | null;
  last: number | null;
  /** Which way the newest cost must have moved to fail; null: it never fails. */
  failOn: 'rises' | 'any' | null;
  seed: number;
}

const PHASES: readonly CostPhase[] = ['decode', 'prefill'];

/** Checks what was typed. Throws `usage`. */
export function driftRequest(file: string | null, argv: CostDriftArguments): DriftRequest {
  // First: without a direction of its own it takes the file's name for one.
  const failOn = parseFailOn(argv.failOnDrift);
  const { record, store = null, since = null } = argv;
  if (file !== null && record !== undefined) {
    throw usageError('Give either a file or --record, not both');
  }
  if (since !== null && !/^\d{4}(-\d\d){0,2}$/.test(since)) {
    throw usageError(`--since got ${shown(since)}, expected a date such as 2026-03-01`);
  }
  return {
    source: sourceOf(file, record, store, argv),
    phase: parsePhase(argv.phase),
    usdPerHour: parsePositive(argv.gpuPrice, '--gpu-price', 1e9),
    throughputCv: parseCv(argv.cv),
    baselinePoints: parseInteger(argv.baseline, { option: '--baseline', min: 1, max: 1000 }) ?? 1,
    since,
    z: parsePositive(argv.z, '--z', 100),
    last: parseInteger(argv.last, { option: '--last', min: 1, max: 1e6 }),
    failOn,
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0,
  };
}

function sourceOf(
  file: string | null,
  record: string | undefined,
  store: string | null,
  { gpuPrice, phase }: CostDriftArguments,
): DriftRequest['source'] {
  if (record !== undefined) return { record, store };
  if (file === null) {
    throw usageError(
      'cost drift got no costs',
      'Give a CSV file, or the id of a record of the cell to follow: --record latest.',
    );
  }
  const stray = Object.entries({ '--gpu-price': gpuPrice, '--phase': phase, '--store': store });
  const [name] = stray.find(([, value]) => value !== undefined && value !== null) ?? [];
  if (name !== undefined)
    throw usageError(`${name} goes with --record; a file has its own figures`);
  return { file };
}

function parsePhase(text: string | undefined): CostPhase {
  const phase = PHASES.find((name) => name === (text ?? 'decode'));
  if (phase !== undefined) return phase;
  throw usageError(`--phase got ${shown(text ?? '')}, expected ${PHASES.join(' or ')}`);
}

function parsePositive(text: string | undefined, option: string, max: number): number | null {
  const value = parseDecimal(text, { option, min: 0, max });
  if (value === 0) throw usageError(`${option} got 0, expected a number above 0`);
  return value;
}

function parseCv(text: string | undefined): number | null {
  const cv = parseShare(text, { option: '--cv', min: 0, max: 1, isMinAllowed: false });
  if (cv === null) return null;
  if (cv.low !== null) throw usageError(`--cv got ${shown(text ?? '')}, expected one share, as 3%`);
  return cv.value;
}

function parseFailOn(text: string | true | undefined): DriftRequest['failOn'] {
  if (text === undefined) return null;
  if (text === true || text === 'rises') return 'rises';
  if (text === 'any') return 'any';
  throw usageError(
    `--fail-on-drift got ${shown(text)}, expected rises or any`,
    'Put the file before it, or write --fail-on-drift rises.',
  );
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
