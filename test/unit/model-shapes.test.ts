import { describe, expect, it } from 'vitest';
import {
  defaultShapes,
  matchesFilter,
  modelOperations,
  wordsOf,
} from '../../bench/kernels/model-shapes.ts';
import { expectedSeconds, planOperations } from '../../bench/kernels/plan-operations.ts';
import { samplePeaks } from '../support/kernel-records.ts';

const small = {
  models: ['llama-3.2-1b'],
  formats: ['int4'],
  rows: [1, 128],
  contexts: [4096],
  kv: ['f16'],
} as const;

describe('the operations of a model', () => {
  it('are its layers at every number of rows, the head where a decode step needs it', () => {
    const names = modelOperations(small).map(({ name, uses }) => `${uses.join(', ')}: ${name}`);
    expect(names).toEqual([
      'llama-3.2-1b qkv: int4 1×2048→3072',
      'llama-3.2-1b o: int4 1×2048→2048',
      'llama-3.2-1b gate+up: int4 1×2048→16384',
      'llama-3.2-1b down: int4 1×8192→2048',
      'llama-3.2-1b head: int4 1×2048→128256',
      'llama-3.2-1b qkv: int4 128×2048→3072',
      'llama-3.2-1b o: int4 128×2048→2048',
      'llama-3.2-1b gate+up: int4 128×2048→16384',
      'llama-3.2-1b down: int4 128×8192→2048',
      'llama-3.2-1b attention decode: attention 32/8 heads of 64, 1 at 4095, kv f16',
      'llama-3.2-1b attention prefill: attention 32/8 heads of 64, 128 at 0, kv f16',
      'llama-3.2-1b attention prefill: attention 32/8 heads of 64, 128 at 4096, kv f16',
    ]);
  });

  it('are named once, with every use', () => {
    const all = modelOperations(defaultShapes('gpu', false));
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const uses = all.flatMap((one) => one.uses);
    expect(new Set(uses.map((use) => use.split(' ')[0])).size).toBe(3);
    const shared = modelOperations({ ...small, models: ['llama-3.2-1b', 'llama-3.2-1b'] });
    expect(shared.map(({ uses }) => uses.length)).toEqual(shared.map(() => 2));
  });

  it.each([
    ['matvec', 5],
    ['matmul', 4],
    ['attention', 3],
    ['decode', 1],
    ['qkv', 2],
    ['o', 2],
    ['2048→128256', 1],
    ['nothing', 0],
  ])('%s finds %i of them', (word, count) => {
    const found = modelOperations(small).filter((one) => matchesFilter([word], wordsOf(one)));
    expect(found).toHaveLength(count);
  });
});

describe('a plan', () => {
  const effort = {
    peaks: { ...samplePeaks, readGbPerSecond: 3, copyGbPerSecond: 3, f32GflopPerSecond: 50 },
    blocks: 9,
    sampleMs: 20,
    coldBytes: 2 ** 26,
    contenders: 2,
  };
  const subjects = modelOperations(small);

  it('includes what fits, the quickest first', () => {
    const plan = planOperations(subjects, 40, effort);
    const included = plan.filter(({ isIncluded }) => isIncluded);
    const left = plan.filter(({ isIncluded }) => !isIncluded);
    expect(new Set(plan.map(({ subject }) => subject))).toEqual(new Set(subjects));
    const seconds = plan.map((one) => one.seconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    expect(included.length).toBeGreaterThan(0);
    expect(left.length).toBeGreaterThan(0);
    expect(included.reduce((sum, one) => sum + one.seconds, 0)).toBeLessThanOrEqual(40);
    const slowest = Math.max(...included.map((one) => one.seconds));
    for (const one of left) expect(one.seconds).toBeGreaterThanOrEqual(slowest);
  });

  it('expects more time of more work and of more contenders', () => {
    const seconds = (name: string, more = {}) => {
      const subject = subjects.find((one) => one.name === name);
      if (!subject) throw new Error(`no ${name}`);
      return expectedSeconds(subject, { ...effort, ...more });
    };
    const one = seconds('int4 128×2048→2048');
    expect(seconds('int4 128×2048→16384')).toBeGreaterThan(one);
    expect(seconds('int4 128×2048→2048', { contenders: 4 })).toBeCloseTo(2 * one, 9);
  });
});
