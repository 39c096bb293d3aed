import type { CurveQuestion } from '../../economics/capacity/curve-answer.ts';
import { PRICE_BASES, type PriceBasis } from '../../economics/capacity/curve-price.ts';
import {
  LATENCY_METRICS,
  LATENCY_STATISTICS,
  type LatencyName,
} from '../../economics/capacity/latency.ts';
import { MOST_REPLICAS, type ReplicaPolicy } from '../../economics/capacity/replicas.ts';
import type { Slo } from '../../economics/capacity/slo.ts';
import { exact, type Known } from '../../economics/quantity.ts';
import { usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Options of `mtok cost capacity` as typed; limits of an SLO come under commander's names for them. */
export interface CapacityArguments {
  store?: string;
  config?: string[];
  gpuPrice?: string;
  gpus?: string;
  priceBasis?: string;
  maxErrorRate?: string;
  minServed?: string;
  contiguous?: true;
  at?: string[];
  profile?: string[];
  binSeconds: string;
  targetLoad: string;
  minReplicas: string;
  coldStart: string;
  scaleDownDelay: string;
  sharedUsdPerHour: string;
  erlang?: true;
  arrivalRate?: string;
  serviceSeconds?: string;
  servers?: string;
  maxWaitProbability?: string;
  maxWaitSeconds?: string;
  serverPrice?: string;
  seed?: string;
  out?: string;
  json?: true;
}

const MOST_MS = 1e9;
const MOST_LOAD = 1e9;
const MOST_SECONDS = 30 * 86_400;

export interface CapacityRequest {
  gpuPrice: Known | null;
  gpus: number | null;
  priceBasis: PriceBasis | null;
  binSeconds: number;
  question: Omit<CurveQuestion, 'shapes'>;
}

/** Checks the options that concern curves. Throws `usage`. */
export function capacityRequest(argv: CapacityArguments): CapacityRequest {
  return {
    gpuPrice: parseQuantity(argv.gpuPrice, { option: '--gpu-price', min: 0, max: 1e6 }),
    gpus: parseInteger(argv.gpus, { option: '--gpus', min: 1, max: 1e6 }),
    priceBasis: parseBasis(argv.priceBasis),
    binSeconds: parsePositive(argv.binSeconds, '--bin-seconds', MOST_SECONDS),
    question: {
      slo: parseSlo(argv),
      isContiguous: argv.contiguous === true,
      loads: (argv.at ?? []).map((text) => parsePositive(text, '--at', MOST_LOAD)),
      policy: parsePolicy(argv),
      sharedUsdPerHour:
        parseQuantity(argv.sharedUsdPerHour, {
          option: '--shared-usd-per-hour',
          min: 0,
          max: 1e9,
        }) ?? exact(0),
      seed: parseSeed(argv),
    },
  };
}

export function parseSeed({ seed }: CapacityArguments): number {
  return parseInteger(seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0;
}

function parseBasis(text: string | undefined): PriceBasis | null {
  if (text === undefined) return null;
  const basis = PRICE_BASES.find((known) => known === text);
  if (basis !== undefined) return basis;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`--price-basis got ${shown}, expected ${PRICE_BASES.join(' or ')}`);
}

function parseSlo(argv: CapacityArguments): Slo {
  const typed = argv as unknown as Readonly<Record<string, string | undefined>>;
  const maxLatencyMs = new Map<LatencyName, number>();
  for (const metric of LATENCY_METRICS) {
    for (const statistic of LATENCY_STATISTICS) {
      const name: LatencyName = `${metric}-${statistic}`;
      const text = typed[attributeOf(`slo-${name}`)];
      if (text !== undefined) maxLatencyMs.set(name, parsePositive(text, `--slo-${name}`, MOST_MS));
    }
  }
  return {
    maxLatencyMs,
    maxErrorShare: plainShare(argv.maxErrorRate, '--max-error-rate'),
    minServedShare: plainShare(argv.minServed, '--min-served'),
  };
}

/** Where commander keeps an option: `slo-ttft-p99` as `sloTtftP99`. */
function attributeOf(option: string): string {
  return option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function parsePolicy(argv: CapacityArguments): ReplicaPolicy {
  const seconds = (text: string, option: string) =>
    parseDecimal(text, { option, min: 0, max: MOST_SECONDS }) ?? 0;
  const targetLoad = plainShare(argv.targetLoad, '--target-load') ?? 1;
  if (targetLoad === 0) throw usageError('--target-load got "0", expected a share above 0');
  return {
    targetLoad,
    minReplicas:
      parseInteger(argv.minReplicas, { option: '--min-replicas', min: 0, max: MOST_REPLICAS }) ?? 1,
    coldStartSeconds: seconds(argv.coldStart, '--cold-start'),
    scaleDownDelaySeconds: seconds(argv.scaleDownDelay, '--scale-down-delay'),
  };
}

/** A share that is one number: limits and plans have no interval. Throws `usage`. */
export function plainShare(text: string | undefined, option: string): number | null {
  const share = parseShare(text, { option, min: 0, max: 1 });
  if (share !== null && share.low !== null) {
    throw usageError(`${option} got ${JSON.stringify(text?.slice(0, 40))}, expected one share`);
  }
  return share?.value ?? null;
}

function parsePositive(text: string, option: string, max: number): number {
  const value = parseDecimal(text, { option, min: 0, max });
  if (value === null || value === 0)
    throw usageError(`${option} got "0", expected a number above 0`);
  return value;
}
