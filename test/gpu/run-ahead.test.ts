import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/backends/backend.ts';
import { createBackend } from '../../src/backends/wgsl.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { tensorNames } from '../../src/model/config.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';

const CONTEXT = 160;
const prompts = [Int32Array.of(5, 6, 7, 8), Int32Array.of(9, 3, 2, 1)] as const;

let gpu: GpuDevice;
let model: PackedModel;
/** Maps of staging buffers: each is a wait of the host. */
let syncs = 0;

beforeAll(async () => {
  gpu = await openTestDevice();
  model = await packSynthetic('synthetic:test-mha-untied', 'f32');
});
afterAll(() => gpu.dispose());

/** A session of two sequences whose waits are counted. */
function open(of: PackedModel = model, on: GpuDevice = gpu): Promise<Session> {
  const scope = scoped(on);
  const counted: GpuDevice = {
    ...scope,
    createBuffer(request) {
      const buffer = scope.createBuffer(request);
      const mapAsync = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (...args) => {
        syncs += 1;
        return mapAsync(...args);
      };
      return buffer;
    },
  };
  const variant = { weights: of.weights, kv: 'f32', activations: 'f32' } as const;
  const backend = createBackend({ host: nodeHost, gpu: async () => counted });
  return backend.open({ model: of, variant, batch: 2, contextTokens: CONTEXT });
}

/** `count` tokens of each sequence, in the order in which they came. */
async function decode(session: Session, count: number, runAhead: number): Promise<number[][]> {
  const steps: number[][] = [];
  await session.decode(count, (tokens) => void steps.push([...tokens]), { runAhead });
  return steps;
}

const prompt = Int32Array.from([...prompts[0], ...prompts[1]]);

describe('decoding ahead of the host', () => {
  it('gives the tokens of step by step, in order, with a wait a group', async () => {
    const session = await open();
    await session.prefill(prompt);
    const wanted = await decode(session, 100, 1);
    expect(new Set(wanted.map(String)).size).toBeGreaterThan(10);
    // Ragged ends, groups longer than the decode, and more steps in all than the ring has entries.
    for (const [runAhead, count] of [
      [2, 21],
      [5, 5],
      [8, 100],
      [32, 7],
      [32, 100],
      [3, 1],
    ] as const) {
      await session.rewind(0);
      await session.prefill(prompt);
      syncs = 0;
      const label = `${count} tokens, ${runAhead} ahead`;
      expect([label, await decode(session, count, runAhead)]).toEqual([
        label,
        wanted.slice(0, count),
      ]);
      expect([label, syncs]).toEqual([label, Math.ceil(count / runAhead)]);
      expect(session.position).toBe(prompts[0].length + count);
      if (count < 90) expect(await decode(session, 9, 4)).toEqual(wanted.slice(count, count + 9));
    }
    await session.dispose();
  });

  it('submits steps before it reads those before them, and none when told not to', async () => {
    const session = await open();
    for (const [runAhead, expected] of [
      [1, [1, 2, 3]],
      [4, [8, 8, 8, 8, 12, 12, 12, 12, 12]],
    ] as const) {
      await session.rewind(0);
      await session.prefill(prompt);
      const submitted: number[] = [];
      // The position counts what was submitted.
      const onStep = () => void submitted.push(session.position - prompts[0].length);
      await session.decode(12, onStep, { runAhead });
      expect(submitted.slice(0, expected.length)).toEqual(expected);
    }
    await session.dispose();
  });

  it('goes on after a rewind and another prompt as if nothing had been there', async () => {
    const session = await open();
    const others = Int32Array.from([...prompts[1], ...prompts[0]]);
    await session.prefill(others);
    const wanted = await decode(session, 12, 1);
    await session.rewind(0);
    await session.prefill(prompt);
    await decode(session, 30, 8);
    await session.rewind(0);
    await session.prefill(others);
    expect(await decode(session, 12, 8)).toEqual(wanted);
    await session.dispose();
  });

  it('names the step whose logits hold NaN, after those before it', async () => {
    const clean = await open();
    await clean.prefill(prompt);
    const wanted = await decode(clean, 20, 1);
    await clean.dispose();
    // The first token that was not seen before: its embedding becomes NaN, so that what follows it has no logits.
    const seen = new Set<number>(prompt);
    const at = wanted.findIndex(
      ([token = 0], i) => i > 2 && !wanted.slice(0, i).flat().includes(token) && !seen.has(token),
    );
    const poisoned = wanted[at]?.[0] ?? 0;
    expect(at).toBeGreaterThan(2);

    const session = await open(withNaN(model, poisoned));
    for (const runAhead of [1, 4, 32]) {
      await session.rewind(0);
      await session.prefill(prompt);
      const steps: number[][] = [];
      const decoding = session.decode(20, (tokens) => void steps.push([...tokens]), { runAhead });
      const position = prompts[0].length + at + 2;
      await expect(decoding).rejects.toMatchObject({
        code: 'quality',
        message: `The logits hold NaN at position ${position}.`,
      });
      expect(steps).toEqual(wanted.slice(0, at + 1));
      expect(session.position).toBe(position);
      await expect(session.decode(1)).rejects.toMatchObject({ code: 'internal' });
    }
    await session.dispose();
  });

  it('leaves nothing mapped when whoever takes the tokens throws', async () => {
    const session = await open();
    await session.prefill(prompt);
    const wanted = await decode(session, 6, 1);
    await session.rewind(0);
    await session.prefill(prompt);
    let count = 0;
    const refuse = () => {
      count += 1;
      if (count === 3) throw new Error('enough');
    };
    await expect(session.decode(40, refuse, { runAhead: 8 })).rejects.toThrow('enough');
    await session.rewind(0);
    await session.prefill(prompt);
    expect(await decode(session, 6, 8)).toEqual(wanted);
    await session.dispose();
  });

  it('tells which tokens a lost device took with it', async () => {
    const lost = await openTestDevice();
    const session = await open(model, lost);
    await session.prefill(prompt);
    const destroy = () => lost.device.destroy();
    await expect(session.decode(40, destroy, { runAhead: 4 })).rejects.toMatchObject({
      code: 'device-lost',
      message: expect.stringMatching(/^Reading the tokens of positions (9 to 12|13 to 16): .*lost/),
    });
    await lost.dispose();
  });
});

/** The model with NaN for the embedding of one token. */
function withNaN(of: PackedModel, token: number): PackedModel {
  const { dim } = of.config;
  return {
    ...of,
    async read(tensor, plane, offset = 0, length) {
      const bytes = await of.read(tensor, plane, offset, length);
      if (tensor !== tensorNames.embed) return bytes;
      const values = new Float32Array(bytes.slice().buffer);
      const first = token * dim - offset / 4;
      for (let i = 0; i < dim; i++) if (first + i >= 0) values[first + i] = Number.NaN;
      return new Uint8Array(values.buffer);
    },
  };
}
