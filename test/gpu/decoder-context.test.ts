import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { Decoder } from '../../src/model/decoder/decoder.ts';
import { defaultChoices, type KernelChoices } from '../../src/model/decoder/kernel-choice.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';
import { generateGreedy, openReference } from '../support/reference.ts';

let full: GpuDevice;
let plain: GpuDevice;
let model: PackedModel;
beforeAll(async () => {
  full = await openTestDevice();
  plain = await openTestDevice({ features: 'none', limits: 'default' });
  model = await packSynthetic('synthetic:test-1m', 'f16');
});
afterAll(async () => {
  await full.dispose();
  await plain.dispose();
});

const SHORT = 131;
const CAPACITY = 260; // two splits
const PROMPT = Int32Array.from({ length: 126 }, (_, i) => (i * 7919 + 13) % 257);

/** A software adapter compiles them fast. */
const SMALL_TILES = { bq: 16, bk: 16, tm: 2, depth: 16, values: 4 };

/** What GPUs get, whatever the adapter: splits beyond the short contexts, tiles for the prompt. */
function gpuChoices(gpu: GpuDevice): KernelChoices {
  const lanes = gpu.hasSubgroups ? Math.min(4, gpu.subgroupMinSize) : 1;
  return {
    ...defaultChoices(gpu),
    shortContext: SHORT,
    attention: ({ few, context }) => {
      if (!few) return { kernel: 'attention-tiled', lanes: 0, tunables: SMALL_TILES };
      // More than the cache has room for, as a choice for a longer one would have.
      const splits = context > SHORT ? 16 : 1;
      const tunables = { wg: 32, lanes, keys: 1, slices: 2, splits };
      return { kernel: 'attention-split', lanes: 0, tunables };
    },
  };
}

it.each([
  ['every feature, four steps ahead', () => full, 4],
  ['no feature, one step at a time', () => plain, 1],
] as const)('a context grows from short to long: %s', async (_, device, ahead) => {
  const gpu = scoped(device());
  const reference = await openReference(model, { contextTokens: CAPACITY });
  const [wanted = []] = await generateGreedy(reference, PROMPT, 11);
  const clock = { now: () => 0, readMs: 0, uploadMs: 0, compileMs: 0 };
  const request = { batch: 1, capacity: CAPACITY, kv: 'f32', activations: 'f32' } as const;
  const choices = gpuChoices(gpu);
  const decoder = await Decoder.open(gpu, nodeHost, model, request, clock, choices);
  try {
    const picked = [...(await decoder.append(PROMPT))];
    const dispatchesBefore = decoder.dispatchesPerStep;
    await decoder.decode(10, ahead, (tokens) => picked.push(...tokens));
    expect(picked).toEqual(wanted);
    // One more a layer: the splits' results are merged.
    expect(decoder.dispatchesPerStep - dispatchesBefore).toBe(model.config.layers);
  } finally {
    gpu.release();
    await reference.dispose();
  }
});
