import { checkSampling, MOST_TOP_K, type Sampling } from '../core/sampling.ts';
import { runTask } from '../hosts/node/spawn.ts';
import { openTokenizer, requireTokenizer } from '../hosts/node/tokenizer.ts';
import { MOST_RUN_AHEAD } from '../model/decoder/buffers.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { plainText } from '../report/format.ts';
import { usageError } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { parseDecimal, parseInteger } from './numbers.ts';
import { chooseSession, parseTokenIds, type SessionArguments } from './session-options.ts';
import { prepareSession } from './session-process.ts';

/** Options of `mtok generate` as typed, before any check. */
export interface GenerateArguments extends SessionArguments {
  prompt?: string;
  promptTokens?: string;
  generateTokens?: string;
  runAhead?: string;
  temperature?: string;
  topK?: string;
  topP?: string;
  seed?: string;
  json?: boolean;
}

const DEFAULT_TOKENS = 32;
const DEFAULT_RUN_AHEAD = 8;
const DEFAULT_SAMPLING: Sampling = { temperature: 1, topK: 40, topP: 1, seed: 42 };

/** Runs `mtok generate`: text (or token ids) on stdout as they come, or one JSON object. */
export async function generateCommand(options: GenerateArguments): Promise<void> {
  const choice = chooseSession(options);
  const generatedTokens =
    parseInteger(options.generateTokens, { option: '-n', min: 1, max: 1 << 20 }) ?? DEFAULT_TOKENS;
  const runAhead =
    parseInteger(options.runAhead, { option: '--run-ahead', min: 1, max: MOST_RUN_AHEAD }) ??
    DEFAULT_RUN_AHEAD;
  const sampling = samplingOf(options);
  const { promptTokens, tokenizer } = await readPrompt(choice.model, options);
  const output = new TokenOutput(tokenizer, promptTokens, options.json === true);
  await withInterrupt(async (signal) => {
    const { input, env } = await prepareSession(choice);
    const task = { ...input, promptTokens, generatedTokens, runAhead, sampling };
    return runTask(
      { type: 'generate', input: task },
      { env, signal, onMessage: (token) => output.push(token) },
    );
  });
  output.end(choice.model);
}

/** How tokens are to be drawn; undefined for greedily. Throws `usage`. */
export function samplingOf(options: GenerateArguments): Sampling | undefined {
  const temperature = parseDecimal(options.temperature, {
    option: '--temperature',
    min: 0,
    max: 1000,
  });
  const topK = parseInteger(options.topK, { option: '--top-k', min: 1, max: MOST_TOP_K });
  const topP = parseDecimal(options.topP, { option: '--top-p', min: 0, max: 1 });
  const seed = parseInteger(options.seed, { option: '--seed', min: 0, max: 2 ** 32 - 1 });
  if ([temperature, topK, topP, seed].every((value) => value === null) || temperature === 0) {
    return undefined;
  }
  const sampling: Sampling = {
    temperature: temperature ?? DEFAULT_SAMPLING.temperature,
    topK: topK ?? DEFAULT_SAMPLING.topK,
    topP: topP ?? DEFAULT_SAMPLING.topP,
    seed: seed ?? DEFAULT_SAMPLING.seed,
  };
  checkSampling(sampling);
  return sampling;
}

/** The prompt as token ids; the tokenizer is null where the model has none and ids were given. */
async function readPrompt(
  model: string,
  options: GenerateArguments,
): Promise<{ promptTokens: number[]; tokenizer: Tokenizer | null }> {
  if ((options.prompt === undefined) === (options.promptTokens === undefined)) {
    throw usageError(
      options.prompt === undefined
        ? 'No prompt was given'
        : '--prompt and --prompt-tokens cannot both be given',
      'Write --prompt "Once upon a time" or --prompt-tokens 1,2,3.',
    );
  }
  if (options.promptTokens !== undefined) {
    const promptTokens = parseTokenIds('--prompt-tokens', options.promptTokens);
    return { promptTokens, tokenizer: await openTokenizer(model) };
  }
  const tokenizer = await requireTokenizer(model);
  const promptTokens = tokenizer.encode(options.prompt ?? '');
  if (promptTokens.length === 0) {
    throw usageError('The prompt has no tokens', 'Write a longer text, or --prompt-tokens 1.');
  }
  return { promptTokens, tokenizer };
}

/** Shows tokens as text where there is a tokenizer, as ids where there is none. */
class TokenOutput {
  readonly #tokenizer: Tokenizer | null;
  readonly #promptTokens: number[];
  readonly #asJson: boolean;
  readonly #stream: ReturnType<Tokenizer['stream']> | null;
  readonly #tokens: number[] = [];
  #text = '';

  constructor(tokenizer: Tokenizer | null, promptTokens: number[], asJson: boolean) {
    this.#tokenizer = tokenizer;
    this.#promptTokens = promptTokens;
    this.#asJson = asJson;
    this.#stream = tokenizer?.stream(promptTokens) ?? null;
  }

  push(token: number): void {
    const separator = this.#tokens.length === 0 ? '' : ' ';
    this.#tokens.push(token);
    this.#show(this.#stream === null ? `${separator}${token}` : this.#stream.push(token));
  }

  end(model: string): void {
    this.#show(this.#stream?.end() ?? '');
    const why = `${plainText(model)} has no tokenizer`;
    if (this.#asJson) {
      const answer = {
        promptTokens: this.#promptTokens,
        tokens: this.#tokens,
        ...(this.#tokenizer === null
          ? { text: null, textReason: `${why}: token ids only` }
          : { text: this.#text }),
      };
      process.stdout.write(`${JSON.stringify(answer)}\n`);
      return;
    }
    process.stdout.write('\n');
    if (this.#tokenizer === null) process.stderr.write(`${why}: these are token ids.\n`);
  }

  #show(text: string): void {
    this.#text += text;
    // A model may print anything; only its text may reach the terminal, not control sequences.
    if (!this.#asJson) process.stdout.write(text.replace(/[^\P{Cc}\n\t]/gu, ''));
  }
}
