import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runTask } from '../../src/hosts/node/spawn.ts';
import { launchResultSchema } from '../../src/measure/launch.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { runPlan } from '../../src/measure/run-plan.ts';
import { appendRecord, readStore } from '../../src/store/jsonl.ts';
import { fakeCell } from '../support/launch-results.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const entry = fileURLToPath(new URL('../support/faulty-worker.mjs', import.meta.url));
const workload = { promptTokens: 4, generatedTokens: 3, depth: 0, batch: 2 };
const MODELS = [
  'fine',
  'throws',
  'hangs',
  'dies',
  'not-numbers',
  'in-range-of-nan',
  'in-range-of-infinity',
  'too-few',
  'too-many',
  'fine-again',
] as const;
const TIMEOUT_MS = 2500;

/** Runs a cell for each model, a real process for each launch, into a store. */
async function sweep(path: string, run: string): Promise<void> {
  let ids = 0;
  await runPlan({
    cells: MODELS.map((model, index) => ({
      index,
      cell: { ...fakeCell, model, backend: 'reference', workload },
      key: model,
      modelSha256: null,
      blocked: null,
    })),
    protocol: {
      ...DEFAULT_PROTOCOL,
      launches: 1,
      launchesMax: 1,
      launchTimeoutMs: TIMEOUT_MS,
    },
    seed: 1,
    run,
    provenance: {},
    charge: () => ({ cost: null, flags: [] }),
    async runLaunch(job, { timeoutMs, signal }) {
      const input = { ...job, adapter: null, cacheDir: '/nowhere' };
      const result = await runTask({ type: 'launch', input }, { entry, timeoutMs, signal });
      return launchResultSchema.parse(result);
    },
    append: (record) => appendRecord(path, record),
    onProgress: () => {},
    now: () => performance.now(),
    timestamp: () => '2026-01-01T00:00:00.000Z',
    newId: () => `${run}-${ids++}`,
    signal: undefined,
  });
}

it('a fault costs its cell only, with a code, while two runs append to one store', async () => {
  const path = join(await temporaryFolder(), 'records.jsonl');
  await Promise.all([sweep(path, 'a'), sweep(path, 'b')]);
  const { records, problems } = await readStore(path);
  expect(problems).toEqual([]);
  for (const run of ['a', 'b']) {
    const rows = records.filter((record) => record.run === run);
    const outcomes = Object.fromEntries(
      rows.map(({ key, outcome }) => [key, `${outcome.status} ${outcome.code ?? ''}`.trim()]),
    );
    expect(outcomes).toEqual({
      fine: 'ok',
      throws: 'failed engine',
      hangs: 'timed-out timeout',
      dies: 'failed crashed',
      'not-numbers': 'failed engine',
      'in-range-of-nan': 'failed engine',
      'in-range-of-infinity': 'failed engine',
      'too-few': 'failed engine',
      'too-many': 'failed engine',
      'fine-again': 'ok',
    });
    expect(rows).toHaveLength(MODELS.length);
    for (const { outcome, prefill, decode } of rows) {
      expect([prefill !== null, decode !== null]).toEqual(Array(2).fill(outcome.status === 'ok'));
    }
  }
  const messages = Object.fromEntries(records.map(({ key, outcome }) => [key, outcome.message]));
  expect(messages.throws).toBe('the engine refused the graph');
  expect(messages.hangs).toContain('no result within 2.5 s');
  expect(messages.dies).toContain('SIGSEGV');
  expect(messages['not-numbers']).toContain('token -1');
  expect(messages['in-range-of-nan']).toContain(
    '200 of 200 logits at position 6 are no finite numbers; the first is NaN, of token 0 of sequence 0',
  );
  expect(messages['in-range-of-infinity']).toContain(
    '2 of 200 logits at position 6 are no finite numbers; the first is -Infinity, of token 30 of sequence 1',
  );
  expect(messages['too-few']).toMatch(/produced \d+ steps, expected/);
  expect(messages['too-many']).toMatch(/produced \d+ steps, expected/);
}, 60_000);
