import { invariant } from '../core/errors.ts';

/** Scores of a vocabulary before the softmax: any constant added to all of them changes nothing but errors. */
export type Logits = Float32Array | Float64Array;

/** log Σ e^xᵢ in f64, stable: the largest element is taken out first. NaN where an element is no number. */
export function logSumExp(x: Logits): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const value of x) if (!(value <= top)) top = value;
  let sum = 0;
  for (const value of x) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

/** Below this difference of logarithms a term of the divergence is made without cancellation. */
const CLOSE = 0.5;

/**
 * Kullback and Leibler's divergence KL(P‖Q) = Σ pᵢ·(log pᵢ − log qᵢ) in nats, of the distributions that logits
 * p and q [vocab] stand for: what is lost when Q is taken for P. Summed as Σ (pᵢ·dᵢ − pᵢ + qᵢ) with dᵢ = log pᵢ −
 * log qᵢ, which is the same because both sum to 1; every term is ≥ 0, so that divergences far below the
 * rounding of a probability come out right, and none below 0.
 */
export function klDivergence(p: Logits, q: Logits): number {
  invariant(p.length === q.length && p.length > 0, `logits of ${p.length} and ${q.length} tokens`);
  const pTotal = logSumExp(p);
  const qTotal = logSumExp(q);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const logP = (p[i] ?? 0) - pTotal;
    const logQ = (q[i] ?? 0) - qTotal;
    const d = logP - logQ;
    const pi = Math.exp(logP);
    const term = Math.abs(d) < CLOSE ? pi * (d + Math.expm1(-d)) : pi * (d - 1) + Math.exp(logQ);
    sum += Number.isNaN(term) ? term : Math.max(0, term);
  }
  return sum;
}

/** Index of the largest logit, the lowest where several are equal: what greedy decoding takes. */
export function topOne(x: Logits): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if ((x[i] ?? 0) > (x[best] ?? 0)) best = i;
  return best;
}

/** −log of the probability that logits give a token, in nats. */
export function negativeLogLikelihood(x: Logits, token: number): number {
  const value = x[token];
  invariant(value !== undefined, `token ${token} in a vocabulary of ${x.length}`);
  return logSumExp(x) - value;
}
