import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendEnvironment, Session } from '../../src/backends/backend.ts';
import type { Engine } from '../../src/backends/ort/engines.ts';
import { openOrtSession } from '../../src/backends/ort/open.ts';
import type { VariantRequest } from '../../src/core/cell.ts';
import { createNodeEnvironment, type NodeEnvironment } from '../../src/hosts/node/environment.ts';
import type { PackedModel } from '../../src/model/packed.ts';

/** An environment whose exported graphs go to a folder of its own. */
export interface OrtBench {
  environment: BackendEnvironment;
  open(model: PackedModel, options?: OpenOptions): Promise<Session>;
  /** Disposes of the sessions opened, the device and the folder. */
  dispose(): Promise<void>;
}

export interface OpenOptions extends Partial<Omit<VariantRequest, 'weights'>> {
  batch?: number;
  contextTokens?: number;
}

/** Opens sessions on an engine: f32 activations, batch 1 and 96 tokens unless asked otherwise. */
export async function createOrtBench(engine: Engine): Promise<OrtBench> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'mtok-ort-'));
  const environment: NodeEnvironment = createNodeEnvironment({ cacheDir });
  const sessions: Session[] = [];
  return {
    environment,
    async open(model, options = {}) {
      const { batch = 1, contextTokens = 96, activations = 'f32', kv = 'auto' } = options;
      const variant = { weights: model.weights, kv, activations };
      const request = { model, variant, batch, contextTokens };
      const session = await openOrtSession(engine, request, environment);
      sessions.push(session);
      return session;
    },
    async dispose() {
      for (const session of sessions) await session.dispose();
      await environment.dispose();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}

/** Σ(actual − expected)² / Σexpected² */
export function nmse(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  let power = 0;
  expected.forEach((value, i) => {
    error += (value - (actual[i] ?? Number.NaN)) ** 2;
    power += value ** 2;
  });
  return error / power;
}

/** tokens[count], spread over the vocabulary, always the same. */
export function someTokens(count: number, vocab: number, salt = 3): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => (i * 7919 + salt) % vocab);
}
