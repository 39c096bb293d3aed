import { logRatioBounds, MIN_LAUNCHES_VERDICT, type SpeedRatio } from './comparison.ts';
import { drawnP } from './permutation-test.ts';
import type { Rng } from './rng.ts';
import type { LaunchSamples } from './statistics.ts';

const DRAWS = 10_000;

/**
 * How many times as fast B is as A by a percentile `p` of all single times of either, such as the 95th of steps: the
 * percentile of A's time over that of B's. A launch alone has too few times for one, so those of a side are pooled;
 * what is drawn are launches, whole, as their times share what made the launch fast or slow, and the percentile is
 * taken of each draw, then the ratio. Launches that took turns (`isPaired`) are drawn as pairs. Below five: no interval.
 */
export function tailRatio(
  samples: { a: LaunchSamples; b: LaunchSamples; p: number; isPaired: boolean },
  rng: Rng,
  draws = DRAWS,
): SpeedRatio {
  const { a, b } = inPairs(samples);
  const pool = new PooledTimes([...a, ...b], samples.p);
  const weights = {
    a: new Uint32Array(a.length + b.length),
    b: new Uint32Array(a.length + b.length),
  };
  weights.a.fill(1, 0, a.length);
  weights.b.fill(1, a.length);
  const estimate = Math.exp(pool.logRatio(weights.a, weights.b));
  const fewer = Math.min(a.length, b.length);
  if (fewer < MIN_LAUNCHES_VERDICT) return { estimate, low: null, high: null };
  const statistics = Float64Array.from({ length: draws }, () => {
    weights.a.fill(0);
    weights.b.fill(0);
    for (let i = 0; i < a.length; i++) {
      const drawn = rng.integer(0, a.length);
      add(weights.a, drawn);
      if (samples.isPaired) add(weights.b, a.length + drawn);
    }
    if (!samples.isPaired) {
      for (let i = 0; i < b.length; i++) add(weights.b, a.length + rng.integer(0, b.length));
    }
    return pool.logRatio(weights.a, weights.b);
  });
  return { estimate, ...logRatioBounds(statistics.sort(), fewer) };
}

/**
 * Two-sided p of the percentiles' log ratio: were A and B the same, the launches of each pair (`swap`), or of both
 * sides together (`deal`), could as well have changed sides. Of drawn rearrangements, see `drawnP`.
 */
export function tailP(
  samples: { a: LaunchSamples; b: LaunchSamples; p: number; isPaired: boolean },
  how: 'swap' | 'deal',
  rng: Rng,
): number {
  const { a, b } = inPairs(samples);
  const launches = a.length + b.length;
  const pool = new PooledTimes([...a, ...b], samples.p);
  const isA = new Uint32Array(launches).fill(1, 0, a.length);
  const isB = new Uint32Array(launches).fill(1, a.length);
  const distance = () => Math.abs(pool.logRatio(isA, isB));
  return drawnP(distance(), () => {
    if (how === 'swap') swapPairs(isA, isB, rng);
    else dealLabels(isA, isB, rng);
    return distance();
  });
}

/**
 * |log ratio of two such percentiles| over so many pairs of launches where nothing differs: pairs are drawn from those
 * measured, each turned round or not, as in `noiseFloorOf`.
 */
export function tailNoiseLogRatios(
  { a, b, p }: { a: LaunchSamples; b: LaunchSamples; p: number },
  pairs: number,
  draws: number,
  rng: Rng,
): Float64Array {
  const sides = inPairs({ a, b, p, isPaired: true });
  const measured = sides.a.length;
  const pool = new PooledTimes([...sides.a, ...sides.b], p);
  const weights = { a: new Uint32Array(2 * measured), b: new Uint32Array(2 * measured) };
  return Float64Array.from({ length: draws }, () => {
    weights.a.fill(0);
    weights.b.fill(0);
    for (let i = 0; i < pairs; i++) {
      const drawn = rng.integer(0, measured);
      const [first, second] =
        (rng.u32() & 1) === 1 ? [drawn, drawn + measured] : [drawn + measured, drawn];
      add(weights.a, first);
      add(weights.b, second);
    }
    return Math.abs(pool.logRatio(weights.a, weights.b));
  });
}

/** Times of several launches, sorted once, whose percentile is wanted with each launch counted so many times. */
class PooledTimes {
  readonly #times: Float64Array;
  readonly #launchOf: Uint32Array;
  readonly #counts: readonly number[];
  readonly #p: number;

  constructor(launches: LaunchSamples, p: number) {
    const all = launches.flatMap((times, launch) => times.map((time) => ({ time, launch })));
    all.sort((left, right) => right.time - left.time);
    this.#times = Float64Array.from(all, ({ time }) => time);
    this.#launchOf = Uint32Array.from(all, ({ launch }) => launch);
    this.#counts = launches.map(({ length }) => length);
    this.#p = p;
  }

  logRatio(weightsA: Uint32Array, weightsB: Uint32Array): number {
    return Math.log(this.#percentile(weightsA) / this.#percentile(weightsB));
  }

  /** Type 7, as `quantile`; walked from the slow end, which is near. */
  #percentile(weights: Uint32Array): number {
    const total = this.#counts.reduce((sum, count, i) => sum + count * (weights[i] ?? 0), 0);
    const position = (total - 1) * (1 - this.#p);
    const above = Math.floor(position);
    let high: number | null = null;
    let seen = 0;
    for (let i = 0; i < this.#times.length; i++) {
      seen += weights[this.#launchOf[i] ?? 0] ?? 0;
      const time = this.#times[i] ?? 0;
      if (high === null && seen > above) high = time;
      if (high !== null && seen > Math.min(above + 1, total - 1)) {
        return high + (time - high) * (position - above);
      }
    }
    return high ?? Number.NaN;
  }
}

/** Where launches took turns, those that one side has beyond the other have no pair. */
function inPairs<Samples extends { a: LaunchSamples; b: LaunchSamples; isPaired: boolean }>({
  a,
  b,
  isPaired,
}: Samples): { a: LaunchSamples; b: LaunchSamples } {
  const pairs = Math.min(a.length, b.length);
  return isPaired ? { a: a.slice(0, pairs), b: b.slice(0, pairs) } : { a, b };
}

function swapPairs(isA: Uint32Array, isB: Uint32Array, rng: Rng): void {
  const pairs = isA.length / 2;
  for (let i = 0; i < pairs; i++) {
    const isFirst = rng.u32() & 1;
    isA[i] = isB[pairs + i] = isFirst;
    isB[i] = isA[pairs + i] = 1 - isFirst;
  }
}

/** A Fisher-Yates shuffle of the labels. */
function dealLabels(isA: Uint32Array, isB: Uint32Array, rng: Rng): void {
  for (let i = 0; i < isA.length; i++) {
    const other = rng.integer(i, isA.length);
    const label = isA[other] ?? 0;
    isA[other] = isA[i] ?? 0;
    isA[i] = label;
  }
  for (let i = 0; i < isA.length; i++) isB[i] = 1 - (isA[i] ?? 0);
}

function add(weights: Uint32Array, launch: number): void {
  weights[launch] = (weights[launch] ?? 0) + 1;
}
