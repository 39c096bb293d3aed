import { BenchError } from './errors.ts';

/** How the next token is drawn; greedy decoding has none of it. */
export interface Sampling {
  /** Logits are divided by it; > 0. */
  temperature: number;
  /** Only this many of the most likely tokens can be drawn, 1 … MOST_TOP_K. */
  topK: number;
  /** Of these, only the fewest whose probabilities reach this share of theirs, 0 < p ≤ 1. */
  topP: number;
  /** u32. A token depends on the seed, its position and its sequence: the same text again for the same seed. */
  seed: number;
}

/** The device keeps this many candidates of each slice of the vocabulary at most. */
export const MOST_TOP_K = 64;

/** Throws `usage` naming the setting that is out of bounds. */
export function checkSampling({ temperature, topK, topP, seed }: Sampling): void {
  const wrong = (what: string, value: number, bounds: string) =>
    new BenchError('usage', `A ${what} of ${value} is not ${bounds}`);
  if (!(temperature >= 0.001 && temperature <= 1000)) {
    throw wrong('temperature', temperature, 'from 0.001 to 1000');
  }
  if (!Number.isInteger(topK) || topK < 1 || topK > MOST_TOP_K) {
    throw wrong('top-k', topK, `a whole number from 1 to ${MOST_TOP_K}`);
  }
  if (!(topP > 0 && topP <= 1)) throw wrong('top-p', topP, 'above 0 and at most 1');
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw wrong('seed', seed, 'a whole number below 2^32');
  }
}

/**
 * Uniform in [0, 1), 24 bits, from a counter: the hash pcg3d of (seed, position, sequence), whose first word is
 * used (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020).
 */
export function uniformAt(seed: number, position: number, sequence: number): number {
  const spread = (word: number) => Math.imul(word, 1664525) + 1013904223;
  const fold = (word: number) => word ^ (word >>> 16);
  let [x, y, z] = [spread(seed), spread(position), spread(sequence)];
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  x = (fold(x) + Math.imul(fold(y), fold(z))) | 0;
  return (x >>> 8) / 2 ** 24;
}

/** Tokens that can be drawn, most likely first, with the sums of their weights; the last sum is the total. */
export interface Nucleus {
  tokens: number[];
  sums: number[];
}

/**
 * The tokens that temperature, top-k and top-p leave: the K largest logits, the lowest index first of equal ones;
 * of these the shortest run whose weights e^((logit − largest) / temperature) reach topP of their sum. A logit of
 * −∞ weighs nothing.
 */
export function nucleus(
  logits: ArrayLike<number>,
  { temperature, topK, topP }: Omit<Sampling, 'seed'>,
): Nucleus {
  const order = largest(logits, topK);
  const highest = logits[order[0] ?? 0] ?? 0;
  const weights = order.map((token) => {
    const logit = logits[token] ?? 0;
    return logit === highest ? 1 : Math.exp((logit - highest) / temperature);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const tokens: number[] = [];
  const sums: number[] = [];
  let sum = 0;
  for (const [i, token] of order.entries()) {
    if (i > 0 && (weights[i] === 0 || sum >= topP * total)) break;
    sum += weights[i] ?? 0;
    tokens.push(token);
    sums.push(sum);
  }
  return { tokens, sums };
}

/**
 * The token that follows a sequence of `position` tokens: the first of its nucleus whose sum of weights exceeds
 * the share that `uniformAt` draws. logits f[vocab]; the same integers and bits as kernels/sample-token.wgsl.
 */
export function sampleToken(
  logits: ArrayLike<number>,
  sampling: Sampling,
  position: number,
  sequence: number,
): number {
  const { tokens, sums } = nucleus(logits, sampling);
  const goal = uniformAt(sampling.seed, position, sequence) * (sums.at(-1) ?? 0);
  const at = sums.findIndex((sum) => sum > goal);
  return tokens[at < 0 ? tokens.length - 1 : at] ?? 0;
}

/** Indices of the `count` largest values, largest first, the lower index first of equal ones. */
function largest(values: ArrayLike<number>, count: number): number[] {
  const order: number[] = [];
  const isBefore = (a: number, b: number) => {
    const [va, vb] = [values[a] ?? 0, values[b] ?? 0];
    return va > vb || (va === vb && a < b);
  };
  for (let i = 0; i < values.length; i++) {
    const last = order[count - 1];
    if (last !== undefined && !isBefore(i, last)) continue;
    let at = Math.min(order.length, count - 1);
    while (at > 0 && isBefore(i, order[at - 1] ?? 0)) at -= 1;
    order.splice(at, 0, i);
    order.length = Math.min(order.length, count);
  }
  return order;
}
