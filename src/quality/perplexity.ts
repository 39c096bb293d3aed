import { invariant } from '../core/errors.ts';
import { type Logits, negativeLogLikelihood } from './divergence.ts';

/**
 * How well logits predict a text that is known: mean negative log likelihood in nats a token, and its
 * exponential, the perplexity. Position i is asked for token i + 1.
 */
export class TextLikelihood {
  readonly #tokens: readonly number[];
  #sum = 0;
  #position = 0;

  constructor(tokens: readonly number[]) {
    this.#tokens = tokens;
  }

  /** Logits [vocab] of the next position; those of the last one predict nothing that is known. */
  add(logits: Logits): void {
    const next = this.#tokens[this.#position + 1];
    this.#position += 1;
    if (next !== undefined) this.#sum += negativeLogLikelihood(logits, next);
  }

  /** Null for a text of one token. */
  summary(): { nll: number; perplexity: number } | null {
    const predicted = this.#tokens.length - 1;
    invariant(this.#position === this.#tokens.length, `${this.#position} positions of a text`);
    if (predicted < 1) return null;
    const nll = this.#sum / predicted;
    return { nll, perplexity: Math.exp(nll) };
  }
}
