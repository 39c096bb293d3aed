import { usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';

/** Options of `mtok cost breakeven` as typed. */
export interface CostBreakevenArguments {
  record?: string;
  store?: string;
  prefillTps?: string;
  decodeTps?: string;
  capacityTps?: string;
  maxUtilization: string;
  gpuPrice?: string;
  gpu?: string;
  gpuKind: string;
  gpus: string;
  hoursPerMonth: string;
  selfUsdPerMtok: string;
  input?: string;
  output?: string;
  mix?: string;
  cacheHit: string;
  api?: string;
  apiInput?: string;
  apiCached?: string;
  apiOutput?: string;
  apiUsdPerMtok?: string;
  prices?: string[];
  day?: string;
  volume?: string[];
  profile?: string;
  seed?: string;
  json?: true;
}

const MOST_VOLUMES = 20;
/** Hours of a month. */
const MOST_SLICES = 744;

/** Volumes in Mtok a month; none when not given. Throws `usage`. */
export function parseVolumes(texts: readonly string[] = []): number[] {
  if (texts.length > MOST_VOLUMES) {
    throw usageError(`--volume is there ${texts.length} times, expected ${MOST_VOLUMES} at most`);
  }
  return texts.map(
    (text) => parseDecimal(text, { option: '--volume', min: 1e-9, max: 1e12 }) ?? Number.NaN,
  );
}

/** Loads of equal slices of time, of which not all are 0; one slice when not given. Throws `usage`. */
export function parseProfile(text: string | undefined): number[] {
  if (text === undefined) return [1];
  const loads = text
    .split(',')
    .map((load) => parseDecimal(load.trim(), { option: '--profile', min: 0, max: 1e12 }) ?? 0);
  if (loads.length > MOST_SLICES || !loads.some((load) => load > 0)) {
    throw usageError(
      `--profile got ${loads.length} loads, expected 1 to ${MOST_SLICES} of which not all are 0`,
    );
  }
  return loads;
}

export function parseHoursPerMonth(text: string): number {
  return parseDecimal(text, { option: '--hours-per-month', min: 1, max: 744 }) ?? 730;
}

export function parseSeed(text: string | undefined): number {
  return parseInteger(text, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0;
}
