import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawData } from '../../bench/kernels/draw-data.ts';
import type { AttentionOperation, Operation } from '../../bench/kernels/operation.ts';
import { operationName } from '../../bench/kernels/operation-cost.ts';
import { checkOutput, sampleOracle } from '../../bench/kernels/operation-oracle.ts';
import { DeviceTensors } from '../../bench/kernels/peer/device-tensors.ts';
import { candidatesFor, ortContender } from '../../bench/kernels/peer/ort-contender.ts';
import { peerOptions } from '../../bench/kernels/peer/peer-session.ts';
import { profileGraph } from '../../bench/kernels/peer/profile.ts';
import { peerTolerance } from '../../bench/kernels/peer/tolerance.ts';
import { tryCandidates } from '../../bench/kernels/peer/trials.ts';
import type { WeightFormat } from '../../src/core/cell.ts';
import { Rng } from '../../src/core/rng.ts';
import { createNodeEnvironment } from '../../src/hosts/node/environment.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';

const product = (format: WeightFormat, rows: number, k: number, n: number): Operation => ({
  kind: 'product',
  format,
  rows,
  k,
  n,
});

const attention = (
  heads: number,
  kvHeads: number,
  headDim: number,
  rest: Pick<AttentionOperation, 'kv' | 'position' | 'seq'>,
): AttentionOperation => ({ kind: 'attention', heads, kvHeads, headDim, ...rest });

/** Few shapes, which tests share: some drivers take seconds to compile one of these kernels. */
const fewTokens = attention(4, 1, 16, { kv: 'f32', position: 100, seq: 8 });
const manyTokens = attention(4, 1, 16, { kv: 'f32', position: 100, seq: 40 });
const shortOperations: Operation[] = [
  product('int4', 1, 64, 48),
  product('int4', 9, 33, 17),
  product('int8', 1, 50, 7),
  product('f16', 2, 50, 7),
  product('f32', 2, 31, 5),
  fewTokens,
  attention(4, 4, 16, { kv: 'f16', position: 0, seq: 1 }),
  attention(7, 1, 16, { kv: 'f32', position: 511, seq: 1 }),
];

const environment = createNodeEnvironment({ cacheDir: '' });
let tensors: DeviceTensors;
beforeAll(() => {
  tensors = new DeviceTensors(peerOptions());
});
afterAll(async () => {
  await tensors.dispose();
  await environment.dispose();
});

async function prepare(operation: Operation) {
  const rng = new Rng('peer', operationName(operation));
  const data = drawData(operation, rng.fork('data'));
  const samples = sampleOracle(operation, data, rng.fork('samples'), 4096);
  const gpu = await environment.gpu();
  return { data, samples, gpu, host: nodeHost, sampleMs: 1, coldBytes: 2 ** 16 };
}

async function tryAll(operation: Operation) {
  const { data, samples, gpu, host } = await prepare(operation);
  const candidates = candidatesFor(operation, data, gpu.hasF16);
  return tryCandidates(candidates, { operation, samples, tensors, host });
}

describe('ONNX Runtime doing single operations', () => {
  it.each(shortOperations.map((operation) => [operationName(operation), operation] as const))(
    'does %s right in every way',
    async (_, operation) => {
      const trials = await tryAll(operation);
      expect(
        trials.flatMap(({ candidate, problem }) => (problem ? [candidate.label, problem] : [])),
      ).toEqual([]);
      const { hasF16 } = await environment.gpu();
      const isRounded = operation.kind === 'product' ? operation.format : operation.kv;
      const elems = new Set(trials.map(({ candidate }) => candidate.elem));
      expect(elems.has('f16')).toBe(hasF16 && isRounded !== 'f32');
    },
  );

  it('cuts attention of many new tokens into runs where it is wrong in one', async () => {
    const trials = await tryAll(manyTokens);
    const labels = (isRight: boolean) =>
      trials.flatMap(({ candidate, problem }) => (isRight === !problem ? [candidate.label] : []));
    expect(labels(true)).toHaveLength(2); // packed and not
    const instead = labels(false).map((label) => `${label} in runs of 31`);
    expect(labels(true)).toEqual(expect.arrayContaining(instead));
  });

  it.each([product('int4', 1, 256, 512), attention(4, 2, 16, { kv: 'f32', position: 60, seq: 3 })])(
    'times the fastest way and leaves its result alone',
    async (operation) => {
      const inputs = await prepare(operation);
      const contender = await ortContender(operation, inputs.data, inputs);
      const before = await contender.output();
      for (let i = 0; i < 3; i++) expect(await contender.sample()).toBeGreaterThan(0);
      expect(await contender.output()).toEqual(before);
      const tolerance = peerTolerance(operation, contender.elem);
      expect(checkOutput(operation, inputs.samples, before, tolerance).problem).toBeNull();
      expect(contender.settings).toMatchObject({
        executionProvider: 'webgpu',
        activations: contender.elem,
        copies: expect.any(Number),
        programs: expect.stringMatching(/\w/),
      });
      await contender.dispose();
    },
  );

  it('runs every one of the operations of a graph', async () => {
    const operation = product('f16', 2, 50, 7);
    const { data, gpu } = await prepare(operation);
    for (const candidate of candidatesFor(operation, data, gpu.hasF16)) {
      // As many as share copies look the same to an optimizer.
      const { programs } = await profileGraph(await candidate.build(tensors, 3, 9), 2);
      expect(programs.length).toBeGreaterThan(0);
    }
  });

  it('says of each way why it cannot be used', async () => {
    const operation = product('int8', 1, 50, 7);
    const inputs = await prepare(operation);
    const samples = inputs.samples.map(({ index, value }) => ({ index, value: value + 1 }));
    const opened = ortContender(operation, inputs.data, { ...inputs, samples });
    await expect(opened).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/int8 1×50→7.*MatMulNBits f32: \[0, 0\] is .* wanted/),
    });
  });
});
