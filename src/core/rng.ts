import { invariant } from './errors.ts';
import { NORMAL_LEVELS, normalTable } from './normal-table.ts';

/** The finaliser of MurmurHash3 (Appleby, public domain): a bijection of 32 bits that mixes every bit. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Different constants keep the four lanes of a key independent; the digits of φ, π, e and √2. */
const LANES = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667] as const;

/** Absorbs one 32-bit word into a 128-bit key. A bijection of the word, so sibling keys never collide. */
function absorb(key: Uint32Array, word: number): void {
  LANES.forEach((lane, i) => {
    key[i] = mix32((key[i] ?? 0) ^ Math.imul(word + lane, lane | 1));
  });
}

/** A number (any integer up to 2^53) or a string absorbed with its length, so that keys can't run together. */
function absorbPart(key: Uint32Array, part: number | string): void {
  if (typeof part === 'number') {
    invariant(Number.isSafeInteger(part), `a key of a random stream is an integer, got ${part}`);
    absorb(key, Math.floor(part / 2 ** 32));
    absorb(key, part | 0);
    return;
  }
  absorb(key, -1 - part.length);
  for (let i = 0; i < part.length; i++) absorb(key, part.charCodeAt(i));
}

/**
 * A seeded random stream: xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", 2021; period 2^128 − 1), seeded by hashing a path of keys.
 *
 * `fork` derives a stream from the path alone, never from how much was drawn, so that any part of a large
 * result (row 7000 of a tensor) can be made without making what comes before it.
 */
export class Rng {
  private readonly key: Uint32Array;
  private readonly state: Uint32Array;

  constructor(...path: (number | string)[]) {
    this.key = new Uint32Array(4);
    for (const part of path) absorbPart(this.key, part);
    this.state = Rng.start(this.key);
  }

  /** The stream of this stream's path extended by `path`; independent of what was drawn from this one. */
  fork(...path: (number | string)[]): Rng {
    const child = new Rng();
    child.key.set(this.key);
    for (const part of path) absorbPart(child.key, part);
    child.state.set(Rng.start(child.key));
    return child;
  }

  private static start(key: Uint32Array): Uint32Array {
    const state = Uint32Array.from(key);
    if (state.every((word) => word === 0)) state[0] = 1; // the one state xoshiro cannot leave
    return state;
  }

  /** Uniform 32-bit unsigned integer. */
  u32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.state;
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const c2 = c ^ a;
    const d2 = d ^ b;
    this.state[0] = a ^ d2;
    this.state[1] = b ^ c2;
    this.state[2] = c2 ^ (b << 9);
    this.state[3] = (d2 << 11) | (d2 >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    return this.u32() / 2 ** 32;
  }

  /** Uniform integer in [low, high), without modulo bias; high − low ≤ 2^32. */
  integer(low: number, high: number): number {
    const range = high - low;
    invariant(
      range >= 1 && range <= 2 ** 32,
      `random integer from an empty range [${low}, ${high})`,
    );
    const unbiased = 2 ** 32 - (2 ** 32 % range);
    let draw = this.u32();
    while (draw >= unbiased) draw = this.u32();
    return low + (draw % range);
  }

  /** Normal with mean 0 and variance 1, in 4096 levels (see normal-table.ts). */
  normal(): number {
    return normalTable()[this.u32() >>> 20] ?? 0;
  }

  /**
   * Fills out[from, to) with normals of this mean and standard deviation, rounded to f32: the fast path for
   * weights, two numbers per 32 random bits. Consecutive calls give what one call would only when every
   * range but the last has an even length.
   */
  fillNormal(out: Float32Array, mean: number, std: number, from = 0, to = out.length): void {
    const table = normalTable();
    const mask = NORMAL_LEVELS - 1;
    let [a = 0, b = 0, c = 0, d = 0] = this.state;
    for (let i = from; i < to; i += 2) {
      const scrambled = Math.imul(b, 5);
      const word = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
      out[i] = mean + std * (table[word >>> 20] ?? 0);
      if (i + 1 < to) out[i + 1] = mean + std * (table[(word >>> 8) & mask] ?? 0);
    }
    this.state.set([a, b, c, d]);
  }

  /** Fills `out` with uniform words, for bulk: what `u32` gives call by call. */
  fillU32(out: Uint32Array): void {
    let [a = 0, b = 0, c = 0, d = 0] = this.state;
    for (let i = 0; i < out.length; i++) {
      const scrambled = Math.imul(b, 5);
      out[i] = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
    }
    this.state.set([a, b, c, d]);
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      const swapped = items[i] as T;
      items[i] = items[j] as T;
      items[j] = swapped;
    }
    return items;
  }
}
