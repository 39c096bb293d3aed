import { dip } from './dip.ts';
import { median } from './quantile.ts';
import { Rng } from './rng.ts';

export interface BimodalityTest {
  dip: number;
  /** Share of series of uniform samples, the hardest unimodal ones to tell apart, with as large a dip. */
  pValue: number;
  /** Medians of the two groups into which the samples fall best, the larger over the smaller, less 1. */
  separation: number;
  /** Share of the samples in the smaller group. */
  minorShare: number;
}

const NULL_DRAWS = 1000;
/** Fewer show no shape; more are thinned by a seeded draw, which keeps the null distribution cheap. */
const MIN_SAMPLES = 20;
const MOST_SAMPLES = 200;

/** Dips of uniform samples by sample size; seeded by the size, so the same whoever asks first. */
const nullDips = new Map<number, Float64Array>();

/**
 * Whether positive samples have more than one mode: the dip test with a seeded Monte Carlo p-value, and how
 * far apart the two best groups are. The clock's step makes lumps that are none of the machine's: samples
 * are spread by up to half a `quantum` either way first. Null below 20 samples.
 */
export function bimodalityTest(
  samples: readonly number[],
  quantum: number,
  rng: Rng,
): BimodalityTest | null {
  if (samples.length < MIN_SAMPLES) return null;
  const chosen = rng.shuffle([...samples]).slice(0, MOST_SAMPLES);
  const sorted = Float64Array.from(chosen, (s) => s + quantum * (rng.uniform() - 0.5)).sort();
  const found = dip(sorted);
  const uniform = uniformDips(sorted.length);
  const asLarge = uniform.reduce((count, value) => count + (value >= found ? 1 : 0), 0);
  const { separation, minorShare } = bestSplit(sorted);
  return {
    dip: found,
    pValue: (asLarge + 1) / (uniform.length + 1),
    separation,
    minorShare,
  };
}

function uniformDips(size: number): Float64Array {
  const known = nullDips.get(size);
  if (known !== undefined) return known;
  const rng = new Rng('dip of uniform samples', size);
  const draw = () => Float64Array.from({ length: size }, () => rng.uniform()).sort();
  const dips = Float64Array.from({ length: NULL_DRAWS }, () => dip(draw()));
  nullDips.set(size, dips);
  return dips;
}

export interface Split {
  /** Samples in the lower group. */
  count: number;
  separation: number;
  minorShare: number;
}

/** The split of ascending samples with the largest variance between its sides (Otsu 1979). */
export function bestSplit(sorted: Float64Array): Split {
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let best = { between: -1, count: 1 };
  let sum = 0;
  for (let count = 1; count < sorted.length; count++) {
    sum += sorted[count - 1] ?? 0;
    const rest = sorted.length - count;
    const between = count * rest * (sum / count - (total - sum) / rest) ** 2;
    if (between > best.between) best = { between, count };
  }
  const [below, above] = [sorted.slice(0, best.count), sorted.slice(best.count)];
  return {
    count: best.count,
    separation: median([...above]) / median([...below]) - 1,
    minorShare: Math.min(below.length, above.length) / sorted.length,
  };
}
