import type { Backend, Session, SessionRequest } from '../../src/backends/backend.ts';
import type { Profile } from '../../src/core/profile.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import type { PackedModel } from '../../src/model/packed.ts';

export const tinyConfig: ModelConfig = {
  architecture: 'llama',
  vocab: 100,
  dim: 8,
  hiddenDim: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  context: 64,
  normEps: 1e-5,
  ropeTheta: 10000,
  ropeScaling: null,
  tied: true,
  qkvBias: false,
  qkNorm: false,
  bosToken: 1,
  eosTokens: [2],
};

/** A model that has a config and nothing else. */
export function emptyModel(config: Partial<ModelConfig> = {}): PackedModel {
  return {
    name: 'tiny',
    sha256: 'f'.repeat(64),
    config: { ...tinyConfig, ...config },
    weights: 'f16',
    tensors: new Map(),
    planeBytes: () => 0,
    read: () => Promise.reject(new Error('the fake model has no weights')),
    close: async () => {},
  };
}

/** A clock that moves only when told to, in ms. */
export class FakeClock {
  private timeMs = 1000;
  readonly now = () => {
    this.timeMs += 0.001; // so that its quantum can be measured
    return this.timeMs;
  };
  advance(ms: number): void {
    this.timeMs += ms;
  }
}

export interface FakeBehaviour {
  prefillMs?: (call: number) => number;
  stepMs?: (step: number) => number;
  /** Steps actually produced of those asked for. */
  steps?: (asked: number) => number;
  token?: number;
  /** What becomes of logits[batch][vocab] that are all 0. */
  logits?: (logits: Float32Array) => Float32Array;
  mostRunAhead?: number;
  profile?: Profile;
  onOpen?: (request: SessionRequest) => void;
}

/** What a fake session was asked to do, in order. */
export type FakeCall = string;

/** An engine that only lets time pass. */
export function fakeBackend(
  clock: FakeClock,
  behaviour: FakeBehaviour = {},
): { backend: Backend; calls: FakeCall[]; prompts: number[][] } {
  const calls: FakeCall[] = [];
  const prompts: number[][] = [];
  const token = behaviour.token ?? 7;
  const { profile } = behaviour;
  const open = async (request: SessionRequest): Promise<Session> => {
    behaviour.onOpen?.(request);
    calls.push(`open b${request.batch} c${request.contextTokens}`);
    let position = 0;
    return {
      variant: { weights: request.variant.weights, kv: 'f16', activations: 'f32' },
      device: { name: 'Fake GPU', vendor: 'fake', kind: 'software', details: {} },
      settings: { threads: 2 },
      load: { readMs: 1, packMs: null, compileMs: 2, uploadMs: 3 },
      mostRunAhead: behaviour.mostRunAhead ?? 1,
      get position() {
        return position;
      },
      async rewind(target) {
        calls.push(`rewind ${target}`);
        position = target;
      },
      async prefill(tokens) {
        const seq = tokens.length / request.batch;
        calls.push(`prefill ${seq}`);
        prompts.push([...tokens]);
        clock.advance(behaviour.prefillMs?.(prompts.length) ?? 10);
        position += seq;
        return new Int32Array(request.batch).fill(token);
      },
      async decode(count, onStep, { runAhead = 1 } = {}) {
        calls.push(runAhead > 1 ? `decode ${count} ahead ${runAhead}` : `decode ${count}`);
        const produced = behaviour.steps?.(count) ?? count;
        for (let step = 0; step < produced; step++) {
          const groupMs = step % runAhead === 0 ? runAhead : 0;
          clock.advance((behaviour.stepMs?.(step) ?? 2) * (runAhead > 1 ? groupMs / 2 : 1));
          onStep?.(new Int32Array(request.batch).fill(token));
        }
        position += produced;
      },
      logits: () => Promise.reject(new Error('never asked for')),
      async stepLogits(tokens) {
        calls.push(`step logits ${tokens.length / request.batch}`);
        position += 1;
        const logits = new Float32Array(request.batch * request.model.config.vocab);
        return behaviour.logits?.(logits) ?? logits;
      },
      ...(profile && {
        async profile(depth: number, seq: number) {
          calls.push(`profile ${seq} behind ${depth}`);
          return profile;
        },
      }),
      memory: () => ({
        weightsBytes: 100,
        kvCacheBytes: 20,
        activationBytes: 10,
        stagingBytes: null,
        peakGpuBytes: 140,
      }),
      async dispose() {
        calls.push('dispose');
      },
    };
  };
  return { backend: { name: 'reference', open }, calls, prompts };
}
