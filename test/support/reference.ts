import type { BackendEnvironment, Session, SessionRequest } from '../../src/backends/backend.ts';
import { createBackend } from '../../src/backends/reference.ts';
import type { ActivationFormat, KvFormat } from '../../src/core/cell.ts';
import type { PackedModel } from '../../src/model/packed.ts';

const environment: BackendEnvironment = {
  host: {
    name: 'node',
    now: () => performance.now(),
    readText: () => Promise.reject(new Error('the reference backend reads no files')),
  },
  gpu: () => Promise.reject(new Error('the reference backend uses no GPU')),
};

/** A session of the oracle; f32 cache, batch 1 and 256 tokens unless the options say otherwise. */
export function openReference(
  model: PackedModel,
  options: Partial<Pick<SessionRequest, 'batch' | 'contextTokens'>> & {
    kv?: KvFormat;
    activations?: ActivationFormat;
  } = {},
): Promise<Session> {
  const { batch = 1, contextTokens = 256, kv = 'f32', activations = 'f32' } = options;
  const variant = { weights: model.weights, kv, activations };
  return createBackend(environment).open({ model, variant, batch, contextTokens });
}

/** The greedy tokens after a prompt: that of the prefill and `count` − 1 more of each sequence, [batch][count]. */
export async function generateGreedy(
  session: Session,
  prompt: Int32Array,
  count: number,
): Promise<number[][]> {
  const first = await session.prefill(prompt);
  const sequences = Array.from(first, (token) => [token]);
  await session.decode(count - 1, (tokens) => {
    tokens.forEach((token, i) => {
      sequences[i]?.push(token);
    });
  });
  return sequences;
}
