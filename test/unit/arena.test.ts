import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Activation, activationTensors } from '../../src/model/decoder/activations.ts';
import { type ArenaTensor, planArena } from '../../src/model/decoder/arena.ts';
import type { RunShape } from '../../src/model/decoder/buffers.ts';
import { presets } from '../../src/model/presets.ts';

const OPERATIONS = 20;

const range = fc
  .tuple(fc.nat({ max: OPERATIONS - 1 }), fc.nat({ max: OPERATIONS - 1 }))
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
const tensor: fc.Arbitrary<ArenaTensor> = fc.record({
  bytes: fc.integer({ min: 1, max: 1000 }),
  live: fc.array(range, { minLength: 1, maxLength: 3 }),
});
const tensors = fc
  .array(tensor, { minLength: 1, maxLength: 12 })
  .map((list) => new Map(list.map((one, i) => [i, one])));

const isLive = ({ live }: ArenaTensor, operation: number) =>
  live.some(([first, last]) => first <= operation && operation <= last);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** What a plan promises of any tensors. */
function checkPlan<Name>(given: ReadonlyMap<Name, ArenaTensor>): number[] {
  const { slots, slotOf } = planArena(given);
  expect([...slotOf.keys()].sort()).toEqual([...given.keys()].sort());
  for (const [name, { bytes }] of given) {
    expect(slots[slotOf.get(name) ?? -1]).toBeGreaterThanOrEqual(bytes);
  }
  let mostLive = 0;
  let mostBytes = 0;
  for (let operation = 0; operation < OPERATIONS; operation++) {
    const live = [...given].filter(([, one]) => isLive(one, operation));
    const used = live.map(([name]) => slotOf.get(name));
    expect(new Set(used).size).toBe(live.length);
    mostLive = Math.max(mostLive, live.length);
    mostBytes = Math.max(mostBytes, sum(live.map(([, { bytes }]) => bytes)));
  }
  const all = sum([...given.values()].map(({ bytes }) => bytes));
  expect(sum(slots)).toBeLessThanOrEqual(all);
  expect(sum(slots)).toBeGreaterThanOrEqual(mostBytes);
  expect(slots.length).toBeGreaterThanOrEqual(mostLive);
  return slots;
}

describe('planArena', () => {
  it('keeps live tensors apart in no more bytes than buffers of their own', () => {
    fc.assert(
      fc.property(tensors, (given) => void checkPlan(given)),
      { numRuns: 500, seed: 1 },
    );
  });

  it('needs one buffer of the largest for tensors that are never live together', () => {
    const chain = new Map(
      [30, 10, 20].map((bytes, i): [number, ArenaTensor] => [i, { bytes, live: [[i, i]] }]),
    );
    expect(planArena(chain).slots).toEqual([30]);
  });

  it('gives an input and the output of one operation two buffers', () => {
    const touching = new Map<string, ArenaTensor>([
      ['input', { bytes: 8, live: [[0, 3]] }],
      ['output', { bytes: 8, live: [[3, 5]] }],
    ]);
    expect(planArena(touching).slots).toEqual([8, 8]);
  });
});

function shapeOf(preset: keyof typeof presets, change: Partial<RunShape> = {}): RunShape {
  const { config } = presets[preset];
  const sizes = { batch: 1, capacity: 512, maxRows: 512 };
  return { config, ...sizes, kv: 'f16', activations: 'f32', ...change };
}

describe('the activations of a run', () => {
  it('take the bytes of what is live at the worst moment', () => {
    const { dim, hiddenDim } = presets['llama-3.1-8b'].config;
    const tensors = activationTensors(shapeOf('llama-3.1-8b'));
    const slots = checkPlan(tensors);
    // Gate and up: the residual stream, its norm and the hidden row. While keys are split: their partial results.
    const partialBytes = tensors.get('partials')?.bytes ?? 0;
    expect(partialBytes).toBeLessThan(512 * dim);
    expect(sum(slots)).toBe(512 * (2 * dim + hiddenDim) * 4 + partialBytes);
    expect(slots).toHaveLength(4);
  });

  it.each([
    {},
    { capacity: 8192 },
    { activations: 'int8' },
    { activations: 'f16', batch: 9 },
  ] as const)('share buffers with %j', (change) => {
    const shape = shapeOf('llama-3.2-1b', change);
    const tensors = activationTensors(shape);
    const all = sum([...tensors.values()].map(({ bytes }) => bytes));
    expect(sum(checkPlan(tensors))).toBeLessThan(0.75 * all);
  });

  it('with rows that are filled up stay alone, so that what fills them stays zero', () => {
    const { dim, hiddenDim, heads, headDim } = presets['test-odd'].config;
    expect([dim % 32, hiddenDim % 32, (heads * headDim) % 32]).not.toContain(0);
    const tensors = activationTensors(shapeOf('test-odd'));
    const { slotOf } = planArena(tensors);
    checkPlan(tensors);
    const filledUp: Activation[] = ['x', 'norm', 'q', 'attended', 'hidden'];
    for (const name of filledUp) {
      const others = [...slotOf].filter(([other]) => other !== name).map(([, slot]) => slot);
      expect(others).not.toContain(slotOf.get(name));
    }
  });
});
