import { describe, expect, it } from 'vitest';
import { attentionSubgroupMatrix } from '../../kernels/attention-subgroup-matrix.ts';
import { matmulSubgroupMatrix } from '../../kernels/matmul-subgroup-matrix.ts';
import type { SubgroupMatrixShape } from '../../src/gpu/adapter-info.ts';
import { attentionObstacle, productObstacle } from '../../src/model/decoder/kernel-candidates.ts';
import {
  type AttentionShape,
  defaultChoices,
  PREFILL_ROWS,
  type ProductShape,
} from '../../src/model/decoder/kernel-choice.ts';
import { matrixUnits } from '../../src/model/decoder/matrix-units.ts';
import { declaredDevice } from '../support/declared-device.ts';

const half: SubgroupMatrixShape = { component: 'f16', result: 'f32', m: 16, n: 16, k: 16 };
const single: SubgroupMatrixShape = { component: 'f32', result: 'f32', m: 8, n: 8, k: 8 };

function device(matrices: readonly SubgroupMatrixShape[], workgroupBytes = 49152) {
  return declaredDevice({
    features: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
    subgroups: [32, 32],
    matrices,
    limits: {
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
      maxComputeWorkgroupStorageSize: workgroupBytes,
    },
  });
}

const product: ProductShape = {
  format: 'int4',
  n: 4096,
  k: 4096,
  rows: null,
  most: Number.POSITIVE_INFINITY,
};
const attending: AttentionShape = {
  batch: 1,
  heads: 32,
  kvHeads: 8,
  headDim: 128,
  kv: 'f16',
  few: false,
  context: 4096,
};

describe('the matrix units that kernels use', () => {
  it('multiply f16 into f32, the largest matrices at once', () => {
    const smaller = { ...half, n: 8 };
    const integers = { component: 'i8', result: 'i32', m: 16, n: 16, k: 32 };
    const units = matrixUnits(device([integers, single, smaller, half]));
    expect(units).toMatchObject({ operands: 'f16', mma: { name: 'mma-f16' } });
    expect(units?.dims).toEqual({ lanes: 32, mm: 16, mn: 16, mk: 16, partBytes: 2 });
  });

  it('are those for f32 where f16 sums up in f16 only', () => {
    const units = matrixUnits(device([{ ...half, result: 'f16' }, single]));
    expect(units?.dims).toEqual({ lanes: 32, mm: 8, mn: 8, mk: 8, partBytes: 4 });
  });

  it('are none without any, or where the size of a subgroup is not known', () => {
    expect(matrixUnits(device([]))).toBeNull();
    expect(matrixUnits(device([{ ...half, result: 'f16' }]))).toBeNull();
    expect(matrixUnits(device([{ ...half, m: 12 }]))).toBeNull();
    expect(matrixUnits(declaredDevice({ subgroups: [8, 32], matrices: [half] }))).toBeNull();
  });
});

describe('the default choices on matrix units', () => {
  it.each(PREFILL_ROWS)('multiply the rows of a prefill of up to %s', (most) => {
    for (const bytes of [16384, 32768, 49152]) {
      const gpu = device([half], bytes);
      const shape = { ...product, most };
      const choice = defaultChoices(gpu).product(shape);
      expect(choice.kernel).toBe(matmulSubgroupMatrix.name);
      expect(productObstacle(gpu, shape, choice)).toBeNull();
    }
  });

  it.each([32, 64, 80, 128, 256])('attend with heads of %s', (headDim) => {
    for (const bytes of [32768, 49152]) {
      const gpu = device([half], bytes);
      const shape = { ...attending, headDim };
      const choice = defaultChoices(gpu).attention(shape);
      expect(choice.kernel).toBe(attentionSubgroupMatrix.name);
      expect(attentionObstacle(gpu, shape, choice)).toBeNull();
    }
  });

  it('leave alone what they cannot do, and what they are not for', () => {
    const { product: multiply, attention: attend } = defaultChoices(device([half]));
    expect(multiply({ ...product, rows: 4 }).kernel).toBe('matvec');
    expect(attend({ ...attending, headDim: 20 }).kernel).not.toBe(attentionSubgroupMatrix.name);
    expect(attend({ ...attending, few: true }).kernel).toBe('attention-split');
    const software = declaredDevice({ kind: 'software', subgroups: [32, 32], matrices: [half] });
    expect(defaultChoices(software).product(product).kernel).toBe('matmul-columns');
  });

  it('round nothing to f16 that was given in f32, nor anything where that is not allowed', () => {
    const gpu = device([half]);
    const choices = defaultChoices(gpu);
    const exact = { ...product, format: 'f32' } as const;
    expect(choices.product(exact).kernel).toBe('matmul');
    expect(productObstacle(gpu, exact, choices.product(product))).toContain('would round weights');
    const exactCache = { ...attending, kv: 'f32' } as const;
    expect(choices.attention(exactCache).kernel).toBe('attention-tiled');
    expect(attentionObstacle(gpu, exactCache, choices.attention(attending))).toContain(
      'would round a cache',
    );
    const strict = defaultChoices(gpu, { halfProducts: false });
    expect(strict.product(product).kernel).toBe('matmul');
    expect(strict.attention(attending).kernel).toBe('attention-tiled');
    const inSingle = defaultChoices(device([single]), { halfProducts: false });
    expect(inSingle.product(exact).kernel).toBe(matmulSubgroupMatrix.name);
    expect(inSingle.attention(exactCache).kernel).toBe(attentionSubgroupMatrix.name);
  });
});
