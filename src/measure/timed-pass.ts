import type { Session } from '../backends/backend.ts';
import type { Workload } from '../core/cell.ts';
import { BenchError, invariant } from '../core/errors.ts';
import type { Repetition } from '../core/record.ts';
import type { Rng } from '../core/rng.ts';
import type { ModelConfig } from '../model/config.ts';
import { randomTokens } from './prompt-tokens.ts';

/** What a pass needs besides its session. */
export interface PassContext {
  config: ModelConfig;
  workload: Workload;
  /** Backend's name, for messages. */
  engine: string;
  rng: Rng;
  now(): number;
}

/**
 * One pass from wherever the session stands: a prefill of fresh random tokens and a forced decode of
 * `steps`, each timed from the call to the token's arrival on the host. With `-p 0` the decode starts from
 * one untimed token. Throws `engine` when the engine returns too few, too many or impossible tokens.
 */
export async function timedPass(
  session: Session,
  context: PassContext,
  steps: number,
): Promise<Repetition> {
  const { config, workload, engine, now } = context;
  const { batch, promptTokens } = workload;
  const prompt = randomTokens(config, batch, Math.max(1, promptTokens), context.rng);

  const started = now();
  const first = await session.prefill(prompt);
  const prefilled = now();
  const arrivals: number[] = [];
  const produced: Int32Array[] = [];
  if (steps > 0) {
    await session.decode(steps, (tokens) => {
      arrivals.push(now());
      produced.push(tokens.slice());
    });
  }

  assertTokens(first, batch, config.vocab, `${engine} prefill`);
  for (const tokens of produced) assertTokens(tokens, batch, config.vocab, `${engine} decode`);
  if (arrivals.length !== steps) {
    throw new BenchError(
      'engine',
      `${engine} decode produced ${arrivals.length} steps, expected ${steps}`,
      { hint: 'The number of tokens is forced; an early end would look fast.' },
    );
  }
  const prefillMs = elapsed(started, prefilled);
  const stepMs = arrivals.map((arrival, i) => elapsed(arrivals[i - 1] ?? prefilled, arrival));
  return { prefillMs: promptTokens > 0 ? prefillMs : null, stepMs };
}

/** Duration of a whole pass, untimed first token not counted. */
export function passMs(pass: Repetition): number {
  return pass.stepMs.reduce((sum, ms) => sum + ms, pass.prefillMs ?? 0);
}

function elapsed(from: number, to: number): number {
  const ms = to - from;
  invariant(Number.isFinite(ms) && ms >= 0, `the clock went from ${from} to ${to}`);
  return ms;
}

function assertTokens(tokens: Int32Array, batch: number, vocab: number, what: string): void {
  if (tokens.length !== batch) {
    throw new BenchError(
      'engine',
      `${what} returned ${tokens.length} tokens, expected one for each of ${batch} sequences`,
    );
  }
  const bad = tokens.find((token) => !(token >= 0 && token < vocab));
  if (bad !== undefined) {
    throw new BenchError('engine', `${what} returned token ${bad}, the vocabulary has ${vocab}`, {
      hint: 'NaN logits or a wrong kernel lead to this; compare with --backend reference.',
    });
  }
}
