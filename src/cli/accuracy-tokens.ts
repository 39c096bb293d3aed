import { open } from 'node:fs/promises';
import { BenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { openTokenizer } from '../hosts/node/tokenizer.ts';
import { randomTokens } from '../measure/prompt-tokens.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type AccuracyPlan, DEFAULT_POSITIONS } from './accuracy-options.ts';
import { usageError } from './failure.ts';

/** The tokens whose logits are compared, and where they are from. */
export interface ChosenTokens {
  tokens: number[];
  from: string;
}

/** Continues a beginning to `count` tokens as the model itself would, greedily. */
export type Continue = (start: readonly number[], count: number) => Promise<number[]>;

/** More than any context has tokens for. */
const MOST_TEXT_BYTES = 1 << 22;

/**
 * Tokens of a plan: given ones, those of a text file, a prompt that the model continues, or by default a text of
 * the model's own where it has a tokenizer (it was trained then), else tokens drawn at random.
 * Throws `usage` for ids that the vocabulary lacks and for more tokens than the context or the source has.
 */
export async function chooseTokens(
  plan: AccuracyPlan,
  config: ModelConfig,
  continueText: Continue,
): Promise<ChosenTokens> {
  const { source, model, seed } = plan;
  const count = plan.positions ?? Math.min(DEFAULT_POSITIONS, config.context);
  assertFits(count, config);
  switch (source.kind) {
    case 'tokens': {
      const tokens = firstOf(source.ids, plan.positions, '--tokens');
      assertFits(tokens.length, config);
      return { tokens: checked(tokens, config), from: 'given' };
    }
    case 'file': {
      const encoded = (await tokenizerOf(model)).encode(await readStart(source.path));
      const tokens = firstOf(
        encoded,
        plan.positions ?? Math.min(count, encoded.length),
        source.path,
      );
      return { tokens: checked(tokens, config), from: source.path };
    }
    case 'prompt': {
      const start = (await tokenizerOf(model)).encode(source.text).slice(0, count);
      if (start.length === 0) throw usageError('The prompt has no tokens', 'Write a longer text.');
      const tokens = await continueText(checked(start, config), count);
      return { tokens, from: 'the prompt, continued greedily by the reference' };
    }
    case 'drawn': {
      const rng = new Rng('accuracy', seed);
      if ((await openTokenizer(model)) === null) {
        const tokens = Array.from(randomTokens(config, 1, count, rng));
        return { tokens, from: `random, seed ${seed}` };
      }
      const [first = 0] =
        config.bosToken === null ? randomTokens(config, 1, 1, rng) : [config.bosToken];
      const tokens = await continueText([first], count);
      return { tokens, from: 'a text of the model’s own, made greedily by the reference' };
    }
  }
}

function firstOf(tokens: readonly number[], count: number | null, what: string): number[] {
  if (count !== null && count > tokens.length) {
    throw usageError(
      `-n asks for ${count} tokens, ${what} has ${tokens.length}`,
      'Lower -n or give a longer text.',
    );
  }
  if (tokens.length === 0) throw usageError(`${what} has no tokens`);
  return tokens.slice(0, count ?? tokens.length);
}

function assertFits(count: number, { context }: ModelConfig): void {
  if (count <= context) return;
  throw usageError(`${count} tokens exceed the model's context of ${context}`, 'Lower -n.');
}

function checked(tokens: number[], { vocab }: ModelConfig): number[] {
  const bad = tokens.find((token) => token >= vocab);
  if (bad === undefined) return tokens;
  throw usageError(`Token ${bad} is outside a vocabulary of ${vocab} (0…${vocab - 1})`);
}

async function tokenizerOf(model: string): Promise<Tokenizer> {
  const tokenizer = await openTokenizer(model);
  if (tokenizer !== null) return tokenizer;
  throw new BenchError('model', `${model} has no tokenizer`, {
    hint: 'Give token ids: --tokens 1,2,3.',
  });
}

/** A file's text up to MOST_TEXT_BYTES. Throws `io`. */
async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = new Uint8Array(MOST_TEXT_BYTES);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      // As a stream: a character that the limit cuts in two is left out.
      return new TextDecoder().decode(buffer.subarray(0, length), { stream: true });
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new BenchError('io', `Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
