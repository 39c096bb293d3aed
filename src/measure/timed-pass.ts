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
  /** What `now` was zero at, in ms since 1970; without it repetitions are not placed in time. */
  clockZeroMs?: number | undefined;
}

/**
 * One pass from wherever the session stands: a prefill of fresh random tokens and a forced decode of
 * `steps`, each timed from the call to the token's arrival on the host. With `-p 0` the decode starts from
 * one untimed token. With `runAhead` above 1 the same tokens are then decoded once more, that many steps ahead
 * of the host. Throws `engine` when the engine returns too few, too many or impossible tokens.
 */
export async function timedPass(
  session: Session,
  context: PassContext,
  steps: number,
  runAhead = 1,
): Promise<Repetition> {
  const { config, workload, engine, now } = context;
  const { batch, promptTokens } = workload;
  const start = session.position;
  const prompt = randomTokens(config, batch, Math.max(1, promptTokens), context.rng);

  const started = now();
  const first = await session.prefill(prompt);
  const prefilled = now();
  const arrivals = await forcedDecode(session, context, steps);
  assertTokens(first, batch, config.vocab, `${engine} prefill`);

  const prefillMs = elapsed(started, prefilled);
  const stepMs = arrivals.map((arrival, i) => elapsed(arrivals[i - 1] ?? prefilled, arrival));
  const runAheadMs =
    runAhead > 1 && steps > 0
      ? await decodeAhead(session, context, { start, prompt, steps, runAhead })
      : null;
  return {
    prefillMs: promptTokens > 0 ? prefillMs : null,
    stepMs,
    runAheadMs,
    ...startOf(context, promptTokens > 0 ? started : prefilled),
  };
}

function startOf({ clockZeroMs }: PassContext, atMs: number): Pick<Repetition, 'startedMs'> {
  return clockZeroMs === undefined ? {} : { startedMs: clockZeroMs + atMs };
}

/** Goes back to the end of the prompt and decodes as before, but ahead of the host; ms of the whole decode. */
async function decodeAhead(
  session: Session,
  context: PassContext,
  pass: { start: number; prompt: Int32Array; steps: number; runAhead: number },
): Promise<number> {
  const { batch } = context.workload;
  const seq = pass.prompt.length / batch;
  // The prompt's last tokens once more: what is predicted after them starts the decode.
  await session.rewind(pass.start + seq - 1);
  await session.prefill(
    Int32Array.from({ length: batch }, (_, b) => pass.prompt[(b + 1) * seq - 1] ?? 0),
  );
  const started = context.now();
  const arrivals = await forcedDecode(session, context, pass.steps, pass.runAhead);
  return elapsed(started, arrivals.at(-1) ?? started);
}

/** Decodes `steps` tokens a sequence; when each step's arrived. They are checked once the clock has stopped. */
async function forcedDecode(
  session: Session,
  { config, workload, engine, now }: PassContext,
  steps: number,
  runAhead = 1,
): Promise<number[]> {
  const arrivals: number[] = [];
  const produced: Int32Array[] = [];
  const onStep = (tokens: Int32Array) => {
    arrivals.push(now());
    produced.push(tokens.slice());
  };
  if (steps > 0) await session.decode(steps, onStep, { runAhead });
  for (const tokens of produced) {
    assertTokens(tokens, workload.batch, config.vocab, `${engine} decode`);
  }
  if (arrivals.length !== steps) {
    throw new BenchError(
      'engine',
      `${engine} decode produced ${arrivals.length} steps, expected ${steps}`,
      { hint: 'The number of tokens is forced; an early end would look fast.' },
    );
  }
  return arrivals;
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
