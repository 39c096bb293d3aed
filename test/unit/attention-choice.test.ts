import { describe, expect, it } from 'vitest';
import { attentionObstacle } from '../../src/model/decoder/kernel-candidates.ts';
import {
  type AttentionShape,
  defaultChoices,
  mostSplits,
} from '../../src/model/decoder/kernel-choice.ts';
import { declaredDevice } from '../support/declared-device.ts';

const features = ['subgroups'];
const devices = {
  'subgroups of 32': declaredDevice({ features, subgroups: [32, 32] }),
  'subgroups of 8 to 32': declaredDevice({ features, subgroups: [8, 32] }),
  'subgroups of 64, much workgroup memory': declaredDevice({
    features,
    subgroups: [64, 64],
    limits: { maxComputeWorkgroupStorageSize: 49152 },
  }),
  'no subgroups': declaredDevice(),
  'software, subgroups of 4': declaredDevice({ kind: 'software', features, subgroups: [4, 4] }),
  'software, no subgroups': declaredDevice({ kind: 'software' }),
};

const shapes: AttentionShape[] = [8, 20, 64, 80, 96, 128, 256].flatMap((headDim) =>
  [1, 2, 4, 7, 8, 16, 71].flatMap((group) =>
    [true, false].flatMap((few) =>
      [100, 700, 100_000].map((context) => ({
        batch: 1,
        heads: 2 * group,
        kvHeads: 2,
        headDim,
        kv: 'f16' as const,
        few,
        context,
      })),
    ),
  ),
);

describe.each(Object.entries(devices))('attention by default with %s', (_, gpu) => {
  const choices = defaultChoices(gpu);

  it('is possible whatever the heads', () => {
    for (const shape of shapes) {
      const choice = choices.attention(shape);
      expect(attentionObstacle(gpu, shape, choice), JSON.stringify({ shape, choice })).toBeNull();
    }
  });

  it('adds up by shuffles no further than the smallest subgroup', () => {
    for (const shape of shapes) {
      const { kernel, tunables } = choices.attention(shape);
      if (kernel === 'attention-split') {
        expect(tunables.lanes).toBeLessThanOrEqual(gpu.subgroupMinSize);
      }
    }
  });

  it('splits long contexts only, and no further than a cache has room for', () => {
    for (const shape of shapes) {
      const { splits = 1 } = choices.attention(shape).tunables;
      const most = shape.context <= choices.shortContext ? 1 : mostSplits(shape.context);
      expect(splits).toBeLessThanOrEqual(most);
    }
  });
});

it('a large GPU gets workgroups enough at a long context', () => {
  const shape = { batch: 1, heads: 32, kvHeads: 8, headDim: 128, kv: 'f16', few: true } as const;
  const { attention } = defaultChoices(devices['subgroups of 32']);
  const { splits = 1, slices = 1 } = attention({ ...shape, context: 8192 }).tunables;
  expect(splits * slices * shape.kvHeads).toBeGreaterThanOrEqual(512);
});
