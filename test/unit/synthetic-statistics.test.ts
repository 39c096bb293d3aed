import { describe, expect, it } from 'vitest';
import { residualStream } from '../../src/backends/reference/forward.ts';
import { KvCache } from '../../src/backends/reference/kv-cache.ts';
import { matmul, rmsnorm, softmax } from '../../src/backends/reference/ops.ts';
import { loadWeights, type Weights } from '../../src/backends/reference/weights.ts';
import { Rng } from '../../src/core/rng.ts';
import { type PresetName, presetNames, presets } from '../../src/model/presets.ts';
import { ropeTables } from '../../src/model/rope.ts';
import { packSynthetic } from '../support/packed-model.ts';
import { generateGreedy, openReference } from '../support/reference.ts';

const TOKENS = 48;
const testPresets = presetNames.filter((name) => name.startsWith('test-'));

function prompt(preset: PresetName): Int32Array {
  const rng = new Rng('statistics', preset);
  const { vocab } = presets[preset].config;
  return Int32Array.from({ length: TOKENS }, () => rng.integer(0, vocab));
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
}

function std(values: ArrayLike<number>): number {
  const centre = mean(values);
  return Math.sqrt(mean(Array.from(values, (v) => (v - centre) ** 2)));
}

function entropyNats(logits: Float32Array): number {
  return softmax(logits).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}

function top1Margin(logits: Float32Array): number {
  const [first = 0, second = 0] = [...logits].sort((a, b) => b - a);
  return first - second;
}

function longestRun(tokens: readonly number[]): number {
  let longest = 0;
  let run = 0;
  tokens.forEach((token, i) => {
    run = token === tokens[i - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}

describe.each(testPresets)('synthetic:%s', (preset) => {
  const { vocab } = presets[preset].config;

  it('has logits neither flat nor peaked, with margins above rounding', async () => {
    const session = await openReference(await packSynthetic(`synthetic:${preset}`, 'f32'));
    const tokens = prompt(preset);
    const all = await session.logits(tokens);
    const rows = Array.from(tokens, (_, i) => all.subarray(i * vocab, (i + 1) * vocab));
    expect(mean(rows.map(std))).toBeGreaterThan(2);
    expect(mean(rows.map(std))).toBeLessThan(3);
    const entropies = rows.map(entropyNats);
    expect(mean(entropies)).toBeGreaterThan(1);
    expect(Math.min(...entropies)).toBeGreaterThan(0.5);
    expect(Math.max(...entropies)).toBeLessThan(Math.log(vocab) - 1);
    const margins = rows.map(top1Margin).sort((a, b) => a - b);
    expect(margins[TOKENS / 2]).toBeGreaterThan(0.2);
    expect(margins[TOKENS / 2]).toBeLessThan(2);
    const top1 = rows.map((row) => row.indexOf(Math.max(...row)));
    expect(top1.filter((token, i) => token === tokens[i]).length).toBeLessThan(TOKENS / 8);
  });

  it.each([0, 1])('generates varied text greedily, seed %i', async (seed) => {
    const session = await openReference(await packSynthetic(`synthetic:${preset}@${seed}`, 'f32'));
    const [generated = []] = await generateGreedy(session, Int32Array.of(1), 64);
    expect(new Set(generated).size).toBeGreaterThanOrEqual(20);
    expect(longestRun(generated)).toBeLessThan(12);
  });
});

/** Layer 0's attention scores of every query against every key, before rotation (which keeps their scale). */
function firstScores(weights: Weights, tokens: Int32Array): number[] {
  const { dim, headDim, heads, kvHeads, normEps } = weights.config;
  const layer = weights.layers[0];
  if (!layer) throw new Error('a model without layers');
  const rows = tokens.length;
  const embedded = Float64Array.from(
    Array.from(tokens).flatMap((t) => [...weights.embed.subarray(t * dim, (t + 1) * dim)]),
  );
  const x = rmsnorm(embedded, rows, dim, layer.attnNorm, normEps);
  const project = (w: Float32Array, count: number, bias?: Float32Array, norm?: Float32Array) => {
    const y = matmul(x, rows, dim, w, count * headDim, bias);
    return norm ? rmsnorm(y, rows * count, headDim, norm, normEps) : y;
  };
  const q = project(layer.q, heads, layer.qBias, layer.qNorm);
  const k = project(layer.k, kvHeads, layer.kBias, layer.kNorm);
  const scores: number[] = [];
  for (let query = 0; query < rows * heads; query++) {
    for (let key = 0; key < rows * kvHeads; key++) {
      const a = q.subarray(query * headDim, (query + 1) * headDim);
      const b = k.subarray(key * headDim, (key + 1) * headDim);
      scores.push(a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0) / Math.sqrt(headDim));
    }
  }
  return scores;
}

describe('activations of synthetic models', () => {
  it.each(testPresets)('%s attends to some tokens more than to others', async (preset) => {
    const weights = await loadWeights(await packSynthetic(`synthetic:${preset}`, 'f32'));
    const spread = std(firstScores(weights, prompt(preset).slice(0, 16)));
    expect(spread).toBeGreaterThan(1.2);
    expect(spread).toBeLessThan(2.8);
  });

  it.each(['test-1m', 'bench-25m'] as const)('%s keeps its stream in range', async (preset) => {
    const weights = await loadWeights(await packSynthetic(`synthetic:${preset}`, 'f32'));
    const { config } = weights;
    const tokens = prompt(preset).slice(0, 8);
    const levels = weights.layers.map((_, last) => {
      const state = {
        weights: { ...weights, layers: weights.layers.slice(0, last + 1) },
        cache: new KvCache(config, 1, TOKENS, 'f32'),
        tables: ropeTables(config, TOKENS),
        batch: 1,
        start: 0,
        int8Activations: false,
      };
      return std(residualStream(tokens, state));
    });
    levels.forEach((level, i) => {
      expect(level).toBeGreaterThan(i === 0 ? 0.1 : (levels[i - 1] ?? 0));
      expect(level).toBeLessThan(3);
    });
    expect(levels.at(-1)).toBeGreaterThan(1);
  });
});
