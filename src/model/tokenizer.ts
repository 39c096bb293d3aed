import { BenchError } from '../core/errors.ts';
import { createTextStream, type TextStream } from './text-stream.ts';

/** Text to token ids and back, as the model's own tokenizer files define it. */
export interface Tokenizer {
  /** One more than the highest token id. */
  readonly vocab: number;
  /** Token ids of a text, with the beginning-of-sequence token where the tokenizer adds one. */
  encode(text: string): number[];
  /** Text of token ids, without special tokens. Ids that the tokenizer does not know give no text. */
  decode(tokens: readonly number[]): string;
  /** Decodes token by token; `context` are the tokens before the first one (the prompt). */
  stream(context: readonly number[]): TextStream;
}

function fail(where: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new BenchError('model', `${where}: unusable tokenizer: ${reason.slice(0, 200)}`, {
    hint: 'Give token ids with --prompt-tokens instead, or fetch the tokenizer files again.',
    cause,
  });
}

/**
 * Tokenizer from the parsed text of tokenizer.json and tokenizer_config.json (`{}` where there is none); nothing
 * is fetched from anywhere. Throws `model` when the files are malformed.
 */
export async function createTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  where: string,
): Promise<Tokenizer> {
  const { PreTrainedTokenizer } = await import('@huggingface/transformers');
  try {
    const inner = new PreTrainedTokenizer(tokenizerJson, tokenizerConfig);
    const ids = new Set(inner.get_vocab().values());
    const decode = (tokens: readonly number[]) => {
      const known = tokens.filter((token) => ids.has(token));
      if (known.length === 0) return '';
      return inner.decode(known, {
        skip_special_tokens: true,
        clean_up_tokenization_spaces: false,
      });
    };
    return {
      vocab: [...ids].reduce((highest, id) => Math.max(highest, id), -1) + 1,
      encode: (text) => inner.encode(text),
      decode,
      stream: (context) => createTextStream(decode, context),
    };
  } catch (error) {
    return fail(where, error);
  }
}
