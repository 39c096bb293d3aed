import { BenchError, invariant } from '../core/errors.ts';
import { median, quantile } from '../core/quantile.ts';
import type { Rng } from '../core/rng.ts';
import { meanInterval } from './block-bootstrap.ts';
import { klDivergence, type Logits, topOne } from './divergence.ts';

/** How far one series of logits is from another that is taken as right. */
export interface ComparisonSummary {
  positions: number;
  /** Σ (got − want)² / Σ want² over all logits. */
  nmse: number;
  /** Largest |got − want| of a logit. */
  maxAbs: number;
  /** KL(want‖got) over positions, in nats; p99 is that of these positions, interpolated. */
  kl: {
    mean: number;
    /** 95 %, by block bootstrap; null for few positions. */
    interval: [low: number, high: number] | null;
    median: number;
    p99: number;
    max: number;
  };
  /** Share of positions at which greedy decoding would take the same token. */
  topOne: number;
}

/** Gathers a comparison one position at a time, so that only one row of each side is ever held. */
export class LogitsComparison {
  readonly #divergences: number[] = [];
  #error = 0;
  #power = 0;
  #maxAbs = 0;
  #agreeing = 0;

  /** Logits [vocab] of the next position. Throws `quality` when they are not all numbers. */
  add(want: Logits, got: Logits): void {
    invariant(want.length === got.length, `logits of ${want.length} and ${got.length} tokens`);
    for (let i = 0; i < want.length; i++) {
      const wanted = want[i] ?? Number.NaN;
      const difference = (got[i] ?? Number.NaN) - wanted;
      if (!Number.isFinite(difference)) {
        const where = `position ${this.#divergences.length}, token ${i}`;
        throw new BenchError('quality', `A logit is ${got[i]} at ${where}; wanted ${wanted}`, {
          hint: 'Values overflow; try --activations f32 or another --variant.',
        });
      }
      this.#error += difference * difference;
      this.#power += wanted * wanted;
      this.#maxAbs = Math.max(this.#maxAbs, Math.abs(difference));
    }
    this.#divergences.push(klDivergence(want, got));
    if (topOne(want) === topOne(got)) this.#agreeing += 1;
  }

  /** After at least one position. `rng` draws the bootstrap. */
  summary(rng: Rng): ComparisonSummary {
    const divergences = this.#divergences;
    const positions = divergences.length;
    invariant(positions > 0, 'a comparison of no positions');
    return {
      positions,
      nmse: this.#power === 0 ? this.#error : this.#error / this.#power,
      maxAbs: this.#maxAbs,
      kl: {
        mean: divergences.reduce((sum, value) => sum + value, 0) / positions,
        interval: meanInterval(divergences, rng),
        median: median(divergences),
        p99: quantile(divergences, 0.99),
        max: Math.max(...divergences),
      },
      topOne: this.#agreeing / positions,
    };
  }
}
