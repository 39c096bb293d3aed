import { describe, expect, test } from 'vitest';
import { cellIdentity, cellName, workloadName } from '../../src/core/cell-name.ts';
import { DEFAULT_SWEEP, planCells } from '../../src/core/plan.ts';

const small = { ...DEFAULT_SWEEP, models: ['m'], backends: 'wgsl', variants: 'f16' };

describe('planCells', () => {
  test('the default compares three engines at three formats', () => {
    const cells = planCells(DEFAULT_SWEEP);
    expect(cells).toHaveLength(9);
    expect(cells.map(({ variant, backend }) => `${variant.weights} ${backend}`)).toEqual([
      'f16 wgsl',
      'f16 ort-webgpu',
      'f16 ort-cpu',
      'int8 wgsl',
      'int8 ort-webgpu',
      'int8 ort-cpu',
      'int4 wgsl',
      'int4 ort-webgpu',
      'int4 ort-cpu',
    ]);
  });

  test('multiplies all axes, models and variants outermost', () => {
    const cells = planCells({
      ...small,
      models: ['a,b', 'a'],
      variants: 'f16,int4',
      prompt: '64,256',
      depth: '0,256',
      batch: '1,4',
    });
    expect(cells).toHaveLength(2 * 2 * 2 * 2 * 2);
    expect(cells.map(({ model }) => model)).toEqual([
      ...Array(16).fill('a'),
      ...Array(16).fill('b'),
    ]);
    expect(planCells({ ...small, prompt: '64,256' })).toEqual(
      planCells({ ...small, prompt: '64,256' }),
    );
  });

  test('leaves out the combination that measures nothing', () => {
    const cells = planCells({ ...small, prompt: '0,64', generate: '0,16' });
    expect(cells.map(({ workload }) => workloadName(workload))).toEqual([
      'tg16',
      'pp64',
      'pp64+tg16',
    ]);
    expect(() => planCells({ ...small, prompt: '0', generate: '0' })).toThrow(/nothing to measure/);
  });

  test.each([
    [{ backends: 'cuda' }, '--backend got "cuda", expected wgsl'],
    [{ variants: 'int3' }, '--variant got "int3"'],
    [{ kv: 'int4' }, '--kv got "int4"'],
    [{ hosts: '' }, '--host got ""'],
    [{ models: [] }, '--model names no model'],
    [{ models: ['x'.repeat(501)] }, 'longer than any path'],
    [{ batch: '0' }, '-b 0 is out of bounds'],
    [{ prompt: '1-900', batch: '1-900' }, 'more than 5000'],
    [{ prompt: '1-900', generate: '1-900', depth: '1-900', batch: '1-900' }, 'more than 5000'],
  ])('refuses %j', (change, message) => {
    expect(() => planCells({ ...small, ...change })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});

describe('names', () => {
  const workload = { promptTokens: 512, generatedTokens: 128, depth: 2048, batch: 4 };

  test('follow llama-bench', () => {
    expect(workloadName(workload)).toBe('pp512+tg128 @ d2048 b4');
    expect(workloadName({ ...workload, generatedTokens: 0, depth: 0, batch: 1 })).toBe('pp512');
    expect(workloadName({ ...workload, promptTokens: 0, batch: 1 })).toBe('tg128 @ d2048');
  });

  test('of a cell say what is not the default', () => {
    const [cell] = planCells({ ...small, kv: 'f32', hosts: 'chromium' });
    expect(cell && cellName(cell)).toBe('m f16 kv f32 wgsl in chromium pp64+tg16');
  });
});

describe('cellIdentity', () => {
  const cells = planCells({
    ...DEFAULT_SWEEP,
    kv: 'auto,f16',
    activations: 'auto,f32',
    prompt: '1,2',
    generate: '1,2',
    depth: '0,1',
    batch: '1,2',
  });

  test('differs between any two cells', () => {
    const identities = cells.map((cell) => cellIdentity(cell, 'sha', {}));
    expect(new Set(identities).size).toBe(cells.length);
  });

  test('goes by the weights, not by the name, and by the protocol whatever its order', () => {
    const [cell] = cells;
    if (cell === undefined) throw new Error('no cell');
    const renamed = { ...cell, model: 'elsewhere' };
    expect(cellIdentity(renamed, 'sha', {})).toBe(cellIdentity(cell, 'sha', {}));
    expect(cellIdentity(cell, 'other', {})).not.toBe(cellIdentity(cell, 'sha', {}));
    expect(cellIdentity(cell, 'sha', { a: 1, b: 2 })).toBe(
      cellIdentity(cell, 'sha', { b: 2, a: 1 }),
    );
    expect(cellIdentity(cell, 'sha', { a: 1 })).not.toBe(cellIdentity(cell, 'sha', { a: 2 }));
  });
});
