import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareLogits } from '../../src/cli/accuracy-compare.ts';
import { gateProblems } from '../../src/cli/accuracy-gates.ts';
import {
  type AccuracyArguments,
  baselineOf,
  planAccuracy,
  runKey,
} from '../../src/cli/accuracy-options.ts';
import type { AccuracyResult, AccuracyRow } from '../../src/cli/accuracy-run.ts';
import { accuracyTable } from '../../src/cli/accuracy-table.ts';
import { chooseTokens } from '../../src/cli/accuracy-tokens.ts';
import { presets } from '../../src/model/presets.ts';
import type { ComparisonSummary } from '../../src/quality/comparison.ts';

const { config } = presets['test-1m'];
const model = 'synthetic:test-1m';
const keys = (argv: AccuracyArguments) => planAccuracy({ model, ...argv }).runs.map(runKey);

describe('the plan of an accuracy table', () => {
  it('has every combination, each baseline before what it is the baseline of', () => {
    expect(keys({ variant: 'int4', kv: 'int8,f16', phase: 'prefill,decode' })).toEqual([
      'wgsl node int4 f16 auto prefill',
      'wgsl node int4 int8 auto prefill',
      'wgsl node int4 f16 auto decode',
      'wgsl node int4 int8 auto decode',
    ]);
  });

  it('adds a baseline that was not among what was asked for', () => {
    expect(keys({ variant: 'int4', kv: 'int8', baseline: 'backend=ort-cpu' })).toEqual([
      'ort-cpu node int4 int8 auto prefill',
      'wgsl node int4 int8 auto prefill',
    ]);
  });

  it('takes kv=f16 for the baseline where that is one of several', () => {
    expect(planAccuracy({ model, kv: 'f16,int8' }).baseline).toEqual({ axis: 'kv', value: 'f16' });
    expect(planAccuracy({ model, kv: 'f32,int8' }).baseline).toBeNull();
    expect(planAccuracy({ model, kv: 'f16' }).baseline).toBeNull();
    const [first] = planAccuracy({ model, kv: 'f16,int8' }).runs;
    if (first) expect(baselineOf(first, { axis: 'kv', value: 'f16' })).toBeNull();
  });

  it.each([
    [{ model: '' }, '--model'],
    [{ model: 'a,b' }, '--model'],
    [{ model, kv: 'int4' }, '--kv got "int4"'],
    [{ model, phase: 'both' }, '--phase got "both"'],
    [{ model, baseline: 'kv' }, '--baseline'],
    [{ model, baseline: 'model=x' }, '--baseline'],
    [{ model, baseline: 'kv=f16,f32' }, '--baseline'],
    [{ model, baseline: 'kv=f64' }, '--kv got "f64"'],
    [{ model, baseline: 'phase=x' }, '--phase got "x"'],
    [{ model, against: 'int4' }, '--against got "int4"'],
    [{ model, positions: '0' }, '-n got "0"'],
    [{ model, tokens: '1', prompt: 'x' }, 'only one'],
    [{ model, tokens: '1,x' }, '--tokens'],
    [{ model, text: '' }, '--text'],
    [{ model, maxKl: '-1' }, '--max-kl'],
    [{ model, maxNmse: 'none' }, '--max-nmse'],
  ])('refuses %j', (argv: AccuracyArguments, message) => {
    expect(() => planAccuracy(argv)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});

describe('the tokens', () => {
  const choose = (argv: AccuracyArguments) =>
    chooseTokens(planAccuracy({ model, ...argv }), config, async () => {
      throw new Error('nothing to continue');
    });

  it('are drawn from the seed, or those given, from the first on', async () => {
    const drawn = await choose({ positions: '20' });
    expect(drawn.tokens).toHaveLength(20);
    expect(await choose({ positions: '20' })).toEqual(drawn);
    expect((await choose({ positions: '20', seed: '7' })).tokens).not.toEqual(drawn.tokens);
    expect((await choose({})).tokens).toHaveLength(64);
    expect((await choose({ tokens: '5,6,7' })).tokens).toEqual([5, 6, 7]);
    expect((await choose({ tokens: '5,6,7', positions: '2' })).tokens).toEqual([5, 6]);
  });

  it.each([
    [{ tokens: '5,2048' }, /2048 is outside a vocabulary of 2048/],
    [{ tokens: '5', positions: '2' }, /-n asks for 2 tokens, --tokens has 1/],
    [{ positions: '100000' }, /context/],
    [{ prompt: 'x' }, /no tokenizer/],
  ])('%j: %s', async (argv, message) => {
    await expect(choose(argv)).rejects.toThrow(message);
  });
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('comparing files', () => {
  async function computed(name: string, rows: number[][]) {
    const path = join(folder, name);
    await writeFile(path, Buffer.from(Float32Array.from(rows.flat()).buffer));
    const variant = { weights: 'f16', kv: 'f16', activations: 'f32' } as const;
    const device = { name: 'a', vendor: 'b', kind: 'cpu', details: {} } as const;
    return { path, vocab: 2, variant, device };
  }

  it('goes through all rows of each', async () => {
    const got = await computed('got', [
      [0, 0],
      [3, 1],
      [1, 1],
    ]);
    const want = await computed('want', [
      [0, 0],
      [3, 0],
      [1, 1],
    ]);
    const { text, summaries } = await compareLogits([0, 1, 0], got, { want, none: null });
    expect(summaries.want).toMatchObject({ positions: 3, maxAbs: 1, topOne: 1 });
    expect(summaries.want?.nmse).toBeCloseTo(1 / 11, 12);
    expect(summaries.none).toBeUndefined();
    // Position 0 gives token 1 a half; position 1 gives token 0 e³ of e³ + e.
    const nll = (Math.LN2 - Math.log(Math.exp(3) / (Math.exp(3) + Math.E))) / 2;
    expect(text?.nll).toBeCloseTo(nll, 10);
  });

  it('refuses a file of another size', async () => {
    const got = await computed('short', [[0, 0]]);
    await expect(compareLogits([0, 1], got, {})).rejects.toMatchObject({ code: 'engine' });
  });
});

const summary = (change: Partial<ComparisonSummary> = {}, mean = 1e-9): ComparisonSummary => ({
  positions: 64,
  nmse: 1e-12,
  maxAbs: 1e-5,
  kl: { mean, interval: [mean / 2, 2 * mean], median: mean, p99: 3 * mean, max: 4 * mean },
  topOne: 1,
  ...change,
});

describe('gates', () => {
  const variant = { weights: 'int4', kv: 'int8', activations: 'f32' } as const;
  const comparisons = {
    engine: summary({ nmse: 2e-4 }),
    weights: summary({}, 0.2),
    baseline: null,
  };

  it('hold the engine to what its activations allow, or to what was asked', () => {
    const limits = { maxNmse: null, maxKl: null };
    expect(gateProblems(comparisons, variant, limits)).toEqual([
      expect.stringContaining('NMSE to the reference is 0.0002'),
    ]);
    expect(gateProblems(comparisons, { ...variant, activations: 'f16' }, limits)).toEqual([]);
    expect(gateProblems(comparisons, variant, { ...limits, maxNmse: 1e-3 })).toEqual([]);
  });

  it('hold every mean divergence to the limit', () => {
    expect(gateProblems(comparisons, variant, { maxNmse: 1, maxKl: 0.1 })).toEqual([
      'mean KL to float weights is 0.200, more than 0.100',
    ]);
    const all = { ...comparisons, baseline: summary({}, 0.3) };
    expect(gateProblems(all, variant, { maxNmse: 1, maxKl: 0.1 })).toHaveLength(2);
  });
});

describe('the table', () => {
  const plan = planAccuracy({ model, variant: 'int4', kv: 'f16,int8' });
  const row = (index: number, change: Partial<AccuracyRow>): AccuracyRow => {
    const run = plan.runs[index];
    if (run === undefined) throw new Error('no such run');
    const variant = { weights: 'int4', kv: 'f16', activations: 'f32' } as const;
    return {
      run,
      ...{ variant, device: 'an adapter', status: 'ok', reason: null, problems: [] },
      ...{ engine: summary(), weights: summary({ topOne: 0.75 }, 0.02), baseline: null },
      text: { nll: 2.5, perplexity: Math.exp(2.5) },
      ...change,
    };
  };
  const result: AccuracyResult = {
    ...{ model, modelSha256: 'abcdef0123456789', plan, tokens: [1, 2], tokensFrom: 'given' },
    floatText: { nll: 2.25, perplexity: Math.exp(2.25) },
    rows: [
      row(0, {}),
      row(1, {
        variant: { weights: 'int4', kv: 'int8', activations: 'f32' },
        baseline: summary({}, 0.0123),
        problems: ['mean KL is too large'],
      }),
    ],
  };

  it('has a group for each comparison, and says what fails', () => {
    const text = accuracyTable(result);
    expect(text).toContain('against f32 weights');
    expect(text).toContain('against kv=f16');
    const lines = text.split('\n');
    expect(lines.find((line) => line.startsWith('int4 f16 f32'))).toMatch(
      /wgsl +1\.0e-12 .* 0\.0200 ±75% +0\.0600 +75\.0 +\+0\.250 +- +- +-$/,
    );
    expect(lines.find((line) => line.startsWith('int4 int8 f32 '))).toMatch(
      /0\.0123 ±75% +0\.0369 +100\.0$/,
    );
    expect(text).toContain('int4 int8 f32 wgsl: mean KL is too large');
  });

  it('says why a row has no figures', () => {
    const reason = { code: 'unsupported', message: 'no int8 KV cache', hint: 'Use wgsl.' };
    const nothing = { engine: null, weights: null, baseline: null, text: null, variant: null };
    const failed = row(1, { ...nothing, status: 'unsupported', reason });
    const text = accuracyTable({ ...result, rows: [failed] });
    expect(text).toMatch(/int4 int8 auto +wgsl +unsupported/);
    expect(text).toContain('unsupported: no int8 KV cache Use wgsl.');
  });
});
