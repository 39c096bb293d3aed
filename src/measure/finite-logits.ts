import type { Session } from '../backends/backend.ts';
import { BenchError } from '../core/errors.ts';
import { randomTokens } from './prompt-tokens.ts';
import type { PassContext } from './timed-pass.ts';

/**
 * One more decode step in place of the last, untimed, to see that the engine still computes with numbers: an
 * argmax over NaN gives a token like any other. The step reads every key and value that the timed passes left in
 * the cache. Throws `engine` where a logit is NaN or infinite.
 */
export async function assertFiniteLogits(session: Session, context: PassContext): Promise<void> {
  const { config, workload, engine, rng } = context;
  const { vocab } = config;
  await session.rewind(session.position - 1);
  const { position } = session;
  const logits = await session.stepLogits(randomTokens(config, workload.batch, 1, rng));
  const expected = workload.batch * vocab;
  if (logits.length !== expected) {
    throw new BenchError('engine', `${engine} gave ${logits.length} logits, expected ${expected}`);
  }
  const first = logits.findIndex((logit) => !Number.isFinite(logit));
  if (first < 0) return;
  const count = logits.reduce((sum, logit) => sum + (Number.isFinite(logit) ? 0 : 1), 0);
  throw new BenchError(
    'engine',
    `${engine} decode: ${count} of ${expected} logits at position ${position} are no finite numbers; the first is ` +
      `${logits[first]}, of token ${first % vocab} of sequence ${Math.floor(first / vocab)}`,
    {
      hint: 'Weights or activations overflow, or a kernel is wrong; try --activations f32, or --backend reference.',
    },
  );
}
