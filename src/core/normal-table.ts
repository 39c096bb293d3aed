/**
 * Quantiles of the standard normal distribution at (i + ½) / LEVELS, scaled to variance 1.
 *
 * A uniform index into it is a normal draw with 4096 levels and tails to ±3.7σ: one memory read per
 * number. It is computed with + − × ÷ alone, which IEEE 754 rounds the same everywhere; `Math.log` and
 * `Math.exp`, which engines may round differently, would make weights depend on the JavaScript engine.
 */
export const NORMAL_LEVELS = 4096;

/** e^−t for t in 0…8: the reciprocal of the exponential's power series, whose terms are all positive. */
function expNegative(t: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 64; n++) {
    term *= t / n;
    sum += term;
  }
  return 1 / sum;
}

/** Φ(x) − ½ = φ(x)·(x + x³/3 + x⁵/(3·5) + …), Marsaglia, "Evaluating the Normal Distribution" (2004). */
function centredCdf(x: number, density: number): number {
  let term = x;
  let sum = x;
  for (let n = 3; n < 120; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return density * sum;
}

const INV_SQRT_2PI = 0.3989422804014327;

/** Positive half of the table: Newton's method on Φ, each quantile started from the one before. */
function upperQuantiles(): Float64Array {
  const half = NORMAL_LEVELS / 2;
  const quantiles = new Float64Array(half);
  let x = 0;
  for (let i = 0; i < half; i++) {
    const target = (i + 0.5) / NORMAL_LEVELS;
    for (let step = 0; step < 6; step++) {
      const density = INV_SQRT_2PI * expNegative((x * x) / 2);
      x -= (centredCdf(x, density) - target) / density;
    }
    quantiles[i] = x;
  }
  return quantiles;
}

function makeTable(): Float64Array {
  const upper = upperQuantiles();
  const half = upper.length;
  const meanSquare = upper.reduce((sum, q) => sum + q * q, 0) / half;
  const scale = 1 / Math.sqrt(meanSquare);
  const table = new Float64Array(NORMAL_LEVELS);
  upper.forEach((quantile, i) => {
    table[half + i] = quantile * scale;
    table[half - 1 - i] = -quantile * scale;
  });
  return table;
}

let table: Float64Array | undefined;

/** The table, made on first use (a few milliseconds). */
export function normalTable(): Float64Array {
  table ??= makeTable();
  return table;
}
