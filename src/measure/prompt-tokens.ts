import type { Rng } from '../core/rng.ts';
import type { ModelConfig } from '../model/config.ts';

/**
 * tokens[batch][count], flat: uniform over the vocabulary without the BOS and EOS ids. Random, because one
 * repeated token makes caches and expert routing unrealistically kind; drawn anew for each pass, so that
 * nothing can be reused; without the special ids, which end or restart a sequence in some engines.
 */
export function randomTokens(
  config: ModelConfig,
  batch: number,
  count: number,
  rng: Rng,
): Int32Array {
  const special = new Set([...config.eosTokens, config.bosToken]);
  const hasOrdinary = special.size < config.vocab;
  const tokens = new Int32Array(batch * count);
  for (let i = 0; i < tokens.length; i++) {
    let token = rng.integer(0, config.vocab);
    while (hasOrdinary && special.has(token)) token = rng.integer(0, config.vocab);
    tokens[i] = token;
  }
  return tokens;
}
