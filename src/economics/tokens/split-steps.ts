import { Rng } from '../../core/rng.ts';
import { boundsOf, DRAWS } from '../propagate.ts';
import { type Known, type Quantity, unknown } from '../quantity.ts';
import { type TokensPerSecond, tokensPerSecond } from '../units.ts';

/** One forward pass of a server that mixes prompts with generation. */
export interface EngineStep {
  seconds: number;
  /** Tokens of prompts that the step computed. */
  prefillTokens: number;
  /** Tokens that it generated: sequences in it that decode. */
  decodeTokens: number;
}

/** t = fixed + perPrefill·n_p + perDecode·n_d, in seconds. */
export interface StepFit {
  fixedSeconds: number;
  secondsPerPrefillToken: number;
  secondsPerDecodeToken: number;
  /** Share of the variance of the step times that the line explains. */
  rSquared: number;
  steps: number;
}

/** What a split of mixed batches rests on, and the rates at which each phase's tokens used the time they are charged. */
export interface StepSplit {
  fit: StepFit | null;
  prefillTps: Quantity<TokensPerSecond>;
  decodeTps: Quantity<TokensPerSecond>;
}

/** Neighbouring steps resemble each other, so blocks of them are resampled; with fewer blocks there is no interval. */
const MOST_BLOCKS = 64;
const LEAST_BLOCKS = 8;
const BLOCK_STEPS = 5;

/**
 * The time of mixed batches split between prompts and generation, by least squares of step times on the tokens of each
 * kind. A phase is charged the time that the line gives its tokens, and of the fixed part of a step: all of it where it
 * is alone in the step; in mixed steps its share of the time that the line gives to their tokens. Both phases' seconds
 * together are the measured time, since residuals of a least-squares line with a constant add up to zero. Intervals: a
 * bootstrap over blocks of neighbouring steps, both rates from the same draw.
 * Unknown, with the reason, where the steps do not tell the two kinds of tokens apart.
 */
export function splitSteps(steps: readonly EngineStep[], { seed = 0 } = {}): StepSplit {
  const blocks = blockMoments(steps);
  const sum = new Float64Array(MOMENTS);
  for (const block of blocks) addTo(sum, block);
  const whole = named(sum);
  const line = solve(whole);
  if (line === null) {
    return notSplit(null, 'the steps do not tell prefill from decode tokens apart; vary both');
  }
  const fit = { ...line, rSquared: rSquared(steps, line), steps: steps.length };
  const rates = ratesOf(whole, line);
  if (rates === null) {
    const { secondsPerPrefillToken: p, secondsPerDecodeToken: d } = line;
    const reason = `the line through the steps gives tokens no time (${p.toPrecision(3)} s per prefill, ${d.toPrecision(3)} s per decode token)`;
    return notSplit(fit, reason);
  }
  const draws = blocks.length < LEAST_BLOCKS ? [] : drawRates(blocks, seed);
  return {
    fit,
    prefillTps: withDraws(
      rates.prefill,
      draws.map(({ prefill }) => prefill),
    ),
    decodeTps: withDraws(
      rates.decode,
      draws.map(({ decode }) => decode),
    ),
  };
}

function notSplit(fit: StepFit | null, reason: string): StepSplit {
  return { fit, prefillTps: unknown(reason), decodeTps: unknown(reason) };
}

function withDraws(value: number, draws: readonly number[]): Known<TokensPerSecond> {
  const known = { value: tokensPerSecond(value), low: null, high: null };
  if (draws.length === 0) return known;
  const [low, high] = boundsOf({ ...known, draws });
  return {
    value: known.value,
    low: tokensPerSecond(Math.min(low, value)),
    high: tokensPerSecond(Math.max(high, value)),
    draws,
  };
}

type Line = Omit<StepFit, 'rSquared' | 'steps'>;

/**
 * Sums from which a line and its split follow; those of two sets of steps add up. An array, since a bootstrap adds
 * them up half a million times. n: steps; p, d: tokens; t: seconds; mixed steps also apart.
 */
const MOMENTS = 14;

function momentsOf({ seconds: t, prefillTokens: p, decodeTokens: d }: EngineStep): Float64Array {
  const isMixed = p > 0 && d > 0;
  const prefillOnly = d === 0 ? 1 : 0;
  const mixed = isMixed ? [1, p, d] : [0, 0, 0];
  return Float64Array.of(
    ...[1, p, d, t, p * p, p * d, d * d, p * t, d * t],
    ...[prefillOnly, p === 0 ? 1 : 0, ...mixed],
  );
}

function named(moments: Float64Array) {
  const [n = 0, p = 0, d = 0, t = 0, pp = 0, pd = 0, dd = 0, pt = 0, dt = 0, ...steps] = moments;
  const [prefillOnly = 0, decodeOnly = 0, mixed = 0, mixedP = 0, mixedD = 0] = steps;
  return { n, p, d, t, pp, pd, dd, pt, dt, prefillOnly, decodeOnly, mixed, mixedP, mixedD };
}
type Moments = ReturnType<typeof named>;

function addTo(sum: Float64Array, moments: Float64Array): void {
  for (let i = 0; i < MOMENTS; i++) sum[i] = (sum[i] ?? 0) + (moments[i] ?? 0);
}

function blockMoments(steps: readonly EngineStep[]): Float64Array[] {
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(steps.length / BLOCK_STEPS)));
  const blocks = Array.from({ length: count }, () => new Float64Array(MOMENTS));
  steps.forEach((step, i) => {
    const block = blocks[Math.floor((i * count) / steps.length)];
    if (block !== undefined) addTo(block, momentsOf(step));
  });
  return blocks;
}

/** The least-squares line; null where tokens of the two kinds do not vary apart. */
function solve({ n, p, d, t, pp, pd, dd, pt, dt }: Moments): Line | null {
  if (n < 3) return null;
  const [spp, spd, sdd] = [pp - (p * p) / n, pd - (p * d) / n, dd - (d * d) / n];
  const [spt, sdt] = [pt - (p * t) / n, dt - (d * t) / n];
  const determinant = spp * sdd - spd * spd;
  // Sums of squares lose about as many digits as are compared here.
  if (!(spp > 1e-12 * pp && sdd > 1e-12 * dd && determinant > 1e-9 * spp * sdd)) return null;
  const secondsPerPrefillToken = (sdd * spt - spd * sdt) / determinant;
  const secondsPerDecodeToken = (spp * sdt - spd * spt) / determinant;
  return {
    fixedSeconds: (t - secondsPerPrefillToken * p - secondsPerDecodeToken * d) / n,
    secondsPerPrefillToken,
    secondsPerDecodeToken,
  };
}

/** Tokens per second of charged time; null where the line charges a phase nothing or less. */
function ratesOf(moments: Moments, line: Line): { prefill: number; decode: number } | null {
  const { fixedSeconds, secondsPerPrefillToken, secondsPerDecodeToken } = line;
  const { p, d, mixed, mixedP, mixedD, prefillOnly, decodeOnly } = moments;
  if (!(secondsPerPrefillToken > 0 && secondsPerDecodeToken > 0)) return null;
  const work = secondsPerPrefillToken * mixedP + secondsPerDecodeToken * mixedD;
  const prefillOfMixed = mixed === 0 ? 0 : (secondsPerPrefillToken * mixedP) / work;
  const prefillFixed = fixedSeconds * (prefillOnly + mixed * prefillOfMixed);
  const decodeFixed = fixedSeconds * (decodeOnly + mixed * (1 - prefillOfMixed));
  const prefillSeconds = secondsPerPrefillToken * p + prefillFixed;
  const decodeSeconds = secondsPerDecodeToken * d + decodeFixed;
  if (!(prefillSeconds > 0 && decodeSeconds > 0)) return null;
  return { prefill: p / prefillSeconds, decode: d / decodeSeconds };
}

function drawRates(blocks: readonly Float64Array[], seed: number) {
  const rng = new Rng('split-steps', seed);
  const drawn: { prefill: number; decode: number }[] = [];
  for (let k = 0; k < DRAWS; k++) {
    const sum = new Float64Array(MOMENTS);
    for (let i = 0; i < blocks.length; i++) {
      addTo(sum, blocks[rng.integer(0, blocks.length)] as Float64Array);
    }
    const moments = named(sum);
    const line = solve(moments);
    const rates = line && ratesOf(moments, line);
    if (rates !== null) drawn.push(rates);
  }
  return drawn;
}

function rSquared(steps: readonly EngineStep[], line: Line): number {
  const mean = steps.reduce((sum, { seconds }) => sum + seconds, 0) / steps.length;
  let [residual, total] = [0, 0];
  for (const { seconds, prefillTokens, decodeTokens } of steps) {
    const fitted =
      line.fixedSeconds +
      line.secondsPerPrefillToken * prefillTokens +
      line.secondsPerDecodeToken * decodeTokens;
    residual += (seconds - fitted) ** 2;
    total += (seconds - mean) ** 2;
  }
  return total === 0 ? 1 : 1 - residual / total;
}
