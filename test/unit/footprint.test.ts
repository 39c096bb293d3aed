import { describe, expect, test } from 'vitest';
import { WEIGHT_FORMATS } from '../../src/core/cell.ts';
import { DEFAULT_SWEEP, planCells } from '../../src/core/plan.ts';
import { assertFitsMemory } from '../../src/measure/preflight.ts';
import { footprint, kvCacheBytes, matrixBytes, weightsBytes } from '../../src/model/footprint.ts';
import { presets } from '../../src/model/presets.ts';
import { packSynthetic } from '../support/packed-model.ts';

describe('footprint', () => {
  test.each(['test-odd', 'test-gqa7', 'test-qknorm', 'test-mha-untied'] as const)(
    'of the weights of %s is what packing gives',
    async (preset) => {
      for (const weights of WEIGHT_FORMATS) {
        const packed = await packSynthetic(`synthetic:${preset}`, weights);
        let bytes = 0;
        for (const { name, format } of packed.tensors.values()) {
          const planes = format.startsWith('int')
            ? (['codes', 'scales'] as const)
            : (['data'] as const);
          for (const plane of planes) bytes += packed.planeBytes(name, plane);
        }
        expect([weights, weightsBytes(packed.config, weights)]).toEqual([weights, bytes]);
      }
    },
  );

  test('int4 takes 4.5 bits and int8 8.5 bits of a weight where blocks are full', () => {
    expect(matrixBytes('int4', 100, 320) * 8).toBe(4.5 * 100 * 320);
    expect(matrixBytes('int8', 100, 320) * 8).toBe(8.5 * 100 * 320);
    expect(matrixBytes('int4', 1, 33)).toBe(2 * 18);
  });

  test('KV cache of Llama 3 70B at f16: 327 680 bytes a token', () => {
    const { config } = presets['llama-3.1-70b'];
    expect(kvCacheBytes(config, 'f16', 1, 1)).toBe(327_680);
    expect(kvCacheBytes(config, 'f16', 1, 4096)).toBe(1_342_177_280);
    expect(kvCacheBytes(config, 'f32', 3, 1)).toBe(6 * 327_680);
    // 8 heads of 128 in 80 layers: 132 bytes a key or value instead of 256.
    expect(kvCacheBytes(config, 'int8', 1, 1)).toBe(2 * 80 * 8 * 132);
  });

  test('70 B parameters at f16 take about 140 GB', () => {
    const gb = weightsBytes(presets['llama-3.1-70b'].config, 'f16') / 1e9;
    expect(gb).toBeGreaterThan(140);
    expect(gb).toBeLessThan(142);
  });

  test('is the sum of its parts', () => {
    const { config } = presets['test-1m'];
    const { totalBytes, ...parts } = footprint({
      config,
      weights: 'int4',
      kv: 'f16',
      batch: 2,
      contextTokens: 100,
      prefillTokens: 10,
    });
    expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(totalBytes);
  });
});

describe('assertFitsMemory', () => {
  const { config } = presets['llama-3.2-1b'];
  const cellOf = (batch: string) => {
    const [cell] = planCells({ ...DEFAULT_SWEEP, variants: 'int4', prompt: '4000', batch });
    if (cell === undefined) throw new Error('no cell');
    return cell;
  };

  test('names the largest batch that can fit, and that one does', () => {
    const memory = 4 * 2 ** 30;
    let hint = '';
    try {
      assertFitsMemory(cellOf('64'), config, memory);
    } catch (error) {
      expect(error).toMatchObject({ code: 'out-of-memory' });
      hint = (error as { hint: string }).hint;
    }
    const batch = Number(/At most -b (\d+)/.exec(hint)?.[1]);
    expect(batch).toBeGreaterThan(0);
    assertFitsMemory(cellOf(String(batch)), config, memory);
    expect(() => assertFitsMemory(cellOf(String(batch + 1)), config, memory)).toThrow(
      /needs at least/,
    );
  });

  test('proposes a smaller model when not even the weights fit', () => {
    expect(() => assertFitsMemory(cellOf('1'), config, 2 ** 20)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('smaller model') }),
    );
  });
});
