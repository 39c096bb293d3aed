import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WeightFormat } from '../../src/core/cell.ts';
import { unpackChromium } from '../../src/hosts/chromium/bundled.ts';
import { defaultCacheDir } from '../../src/hosts/node/cache-dir.ts';
import { parseLaunchResult } from '../../src/hosts/node/run-launch.ts';
import { runTask } from '../../src/hosts/node/spawn.ts';
import type { SessionTaskInput } from '../../src/hosts/tasks.ts';

const MODEL = 'synthetic:test-1m';
const TOKENS = [1, 2, 3, 500, 2047];
const cacheDir = defaultCacheDir();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The kernels in Chromium, or the oracle in Node, with f32 wherever there is a choice. */
function session(side: 'page' | 'oracle', weights: WeightFormat): SessionTaskInput {
  const isPage = side === 'page';
  return {
    model: MODEL,
    backend: isPage ? 'wgsl' : 'reference',
    host: isPage ? 'chromium' : 'node',
    adapter: null,
    variant: { weights, kv: 'f32', activations: 'f32' },
    cacheDir,
  };
}

async function logits(side: 'page' | 'oracle', weights: WeightFormat): Promise<Float32Array> {
  const path = join(folder, `${side}-${weights}.f32`);
  await writeFile(path, '');
  const input = { ...session(side, weights), tokens: TOKENS, phase: 'prefill' as const, path };
  const { vocab } = await runTask({ type: 'logits', input });
  const bytes = new Uint8Array(await readFile(path));
  expect(bytes.length).toBe(4 * TOKENS.length * vocab);
  return new Float32Array(bytes.buffer);
}

/** Squared error over squared oracle. */
function nmse(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  let power = 0;
  for (const [i, value] of expected.entries()) {
    error += ((actual[i] ?? Number.NaN) - value) ** 2;
    power += value ** 2;
  }
  expect(power).toBeGreaterThan(0);
  return error / power;
}

async function generate(side: 'page' | 'oracle'): Promise<number[]> {
  const streamed: number[] = [];
  const input = { ...session(side, 'int4'), promptTokens: TOKENS, generatedTokens: 12 };
  const onMessage = (token: number) => void streamed.push(token);
  const { tokens } = await runTask({ type: 'generate', input }, { onMessage });
  expect(streamed).toEqual(tokens);
  return tokens;
}

describe('a page in Chromium', () => {
  it.each(['f16', 'int8', 'int4'] as const)('gives the logits of the oracle at %s', async (w) => {
    const [actual, expected] = [await logits('page', w), await logits('oracle', w)];
    expect(nmse(actual, expected)).toBeLessThanOrEqual(1e-6);
  });

  it('generates the tokens of the oracle, streaming them', async () => {
    expect(await generate('page')).toEqual(await generate('oracle'));
  });

  it('runs in the bundled browser too', async () => {
    const bundled = await unpackChromium(cacheDir);
    if (!bundled) return expect(`${process.platform}-${process.arch}`).not.toBe('linux-x64');
    vi.stubEnv('CHROME_PATH', bundled.path);
    const tokens = await generate('page');
    vi.unstubAllEnvs();
    expect(tokens).toEqual(await generate('oracle'));
  });

  it('measures a launch as a process in Node does', async () => {
    const phases: string[] = [];
    const input = {
      cell: {
        model: MODEL,
        variant: { weights: 'int8', kv: 'auto', activations: 'auto' },
        backend: 'wgsl',
        host: 'chromium',
        workload: { promptTokens: 8, generatedTokens: 4, depth: 4, batch: 2 },
      },
      launch: 0,
      seed: 1,
      protocol: {
        warmupMin: 1,
        warmupMax: 1,
        warmupBudgetMs: 0,
        repetitionsMin: 2,
        repetitionsMax: 2,
        repetitionsBudgetMs: 0,
        decodeTokens: 0,
        runAheadSteps: 3,
        profile: true,
      },
      adapter: null,
      cacheDir,
    } as const;
    const onMessage = (phase: string) => void phases.push(phase);
    const result = parseLaunchResult(await runTask({ type: 'launch', input }, { onMessage }));
    expect(phases).toEqual(['model', 'load', 'first-run', 'warm-up', 'measure', 'profile']);
    expect(result.launch.repetitions).toHaveLength(2);
    expect(result.launch.repetitions[0]?.stepMs).toHaveLength(4);
    expect(result.launch.repetitions[0]?.runAheadMs).toBeGreaterThan(0);
    expect(result.runAheadSteps).toBe(3);
    expect(result.launch.load.readMs).toBeGreaterThan(0);
    expect(result.launch.memory.weightsBytes).toBeGreaterThan(1e6);
    expect(result.device.details.browser).toMatch(/\d+\.\d+/);
    // An isolated page's clock; a page that is not isolated has 0.1 ms.
    expect(result.clockQuantumMs).toBeLessThan(0.05);
    if (process.platform === 'linux') {
      expect(result.launch.memory.peakRssBytes).toBeGreaterThan(50e6);
    }
  });
});

describe('what a page cannot do', () => {
  const task = (change: Partial<SessionTaskInput>) => ({
    type: 'generate' as const,
    input: { ...session('page', 'f16'), ...change, promptTokens: [1], generatedTokens: 2 },
  });

  it('is refused with a reason', async () => {
    await expect(runTask(task({ backend: 'ort-cpu' }))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('ort-cpu'),
      hint: expect.stringContaining('--host node'),
    });
    await expect(runTask(task({ model: 'synthetic:nothing' }))).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('and an adapter that Chromium does not take', async () => {
    const failing = runTask(task({ adapter: 'lavapipe' }));
    // `no-adapter` where lavapipe is not installed.
    await expect(failing).rejects.toMatchObject({
      code: expect.stringMatching(/^(unsupported|no-adapter)$/),
    });
  });

  it('names a CHROME_PATH that does not start', async () => {
    const env = { CHROME_PATH: join(folder, 'no-such-browser') };
    await expect(runTask(task({}), { env })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no-such-browser'),
    });
  });
});
