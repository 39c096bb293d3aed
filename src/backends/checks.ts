import { BenchError, invariant } from '../core/errors.ts';
import { checkSampling } from '../core/sampling.ts';
import type { SessionRequest } from './backend.ts';

/** What a check of one call must know of the session. */
export interface SessionBounds {
  batch: number;
  /** Tokens in the cache of each sequence. */
  position: number;
  contextTokens: number;
  vocab: number;
}

/** A session's fixed sizes make sense and the model was made for that long a sequence. Throws `usage`. */
export function checkRequest({ model, batch, contextTokens, sampling }: SessionRequest): void {
  if (sampling) checkSampling(sampling);
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new BenchError('usage', `Batch ${batch} is no whole number ≥ 1`);
  }
  if (!Number.isSafeInteger(contextTokens) || contextTokens < 1) {
    throw new BenchError('usage', `Context of ${contextTokens} tokens is no whole number ≥ 1`);
  }
  const { context } = model.config;
  if (contextTokens > context) {
    throw new BenchError(
      'usage',
      `${contextTokens} tokens (cached, prompt and generated together) exceed the context of ` +
        `${model.name}, ${context} tokens`,
      { hint: 'Use a shorter prompt, depth or generation, or a model with a longer context.' },
    );
  }
}

/** Throws `unsupported` when an engine that only decodes greedily is asked to sample. */
export function refuseSampling({ sampling }: SessionRequest, backend: string): void {
  if (!sampling) return;
  throw new BenchError('unsupported', `${backend} decodes greedily and cannot sample`, {
    hint: 'Use --backend wgsl or reference, or leave out --temperature, --top-k, --top-p.',
  });
}

/** Every token is a row of the embedding table. Throws `usage` naming the first that is not. */
export function checkTokens(tokens: Int32Array, vocab: number): void {
  const at = tokens.findIndex((token) => token < 0 || token >= vocab);
  if (at < 0) return;
  const range = `a vocabulary of ${vocab} (0…${vocab - 1})`;
  throw new BenchError('usage', `Token ${tokens[at]} at position ${at} is outside ${range}`, {
    hint: 'Is the tokenizer the one that belongs to this model?',
  });
}

function checkRoom(count: number, { position, contextTokens }: SessionBounds): void {
  if (position + count <= contextTokens) return;
  const have = `${position} of ${contextTokens} tokens are in the cache`;
  throw new BenchError('usage', `No room for ${count} more tokens in a sequence: ${have}`, {
    hint: 'Open the session with a longer context, or rewind it.',
  });
}

/** Tokens[batch][seq] fit the session. Returns seq ≥ 1. Throws `usage`. */
export function checkPrefill(tokens: Int32Array, bounds: SessionBounds): number {
  const seq = tokens.length / bounds.batch;
  if (tokens.length === 0) throw new BenchError('usage', 'A prompt needs at least one token');
  if (!Number.isInteger(seq)) {
    const expected = `no multiple of the batch, ${bounds.batch}`;
    throw new BenchError('usage', `A prompt of ${tokens.length} tokens in all is ${expected}`);
  }
  checkTokens(tokens, bounds.vocab);
  checkRoom(seq, bounds);
  return seq;
}

/** Tokens[batch] are one for each sequence and fit the session. Throws `usage`. */
export function checkStep(tokens: Int32Array, bounds: SessionBounds): void {
  const seq = checkPrefill(tokens, bounds);
  invariant(seq === 1, `a step of ${seq} tokens a sequence`);
}

/** Generating `count` tokens fits the session; each step caches the token predicted before. Throws `usage`. */
export function checkDecode(count: number, bounds: SessionBounds): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new BenchError('usage', `Number of tokens to generate, ${count}, is no whole number ≥ 0`);
  }
  checkRoom(count, bounds);
}

/** Tokens[seq] whose logits are asked for fit the session, which has one sequence. Throws `usage`. */
export function checkLogits(tokens: Int32Array, bounds: SessionBounds): number {
  if (bounds.batch !== 1) {
    throw new BenchError('usage', `Logits need a session of batch 1, this one has ${bounds.batch}`);
  }
  return checkPrefill(tokens, bounds);
}

/** Rewinding goes backwards. Throws `internal`: only our own code chooses where to. */
export function checkRewind(target: number, position: number): void {
  const valid = Number.isInteger(target) && target >= 0 && target <= position;
  invariant(valid, `rewind to ${target} from position ${position}`);
}
