import { describe, expect, test } from 'vitest';
import { needsAdapter, type PlanContext, prepareCells } from '../../src/cli/bench-cells.ts';
import { finishedRecords, recharge } from '../../src/cli/bench-resume.ts';
import { BenchError } from '../../src/core/errors.ts';
import { DEFAULT_SWEEP, planCells } from '../../src/core/plan.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { chargeRates } from '../../src/economics/token-cost.ts';
import { buildRecord, type ChargeCell } from '../../src/measure/build-record.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { tinyConfig } from '../support/fake-backend.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';

const sweep = { ...DEFAULT_SWEEP, models: ['tiny'], prompt: '8', generate: '8', variants: 'int4' };
const context: PlanContext = {
  models: new Map([['tiny', { name: 'tiny', sha256: 'a'.repeat(64), config: tinyConfig }]]),
  adapter: { id: 'gpu', label: 'GPU', kind: 'gpu', env: {} },
  wanted: null,
  protocol: DEFAULT_PROTOCOL,
  seed: 1,
};
const keys = (change: Partial<PlanContext> = {}) =>
  prepareCells(planCells(sweep), { ...context, ...change }).map(({ key }) => key);

describe('prepareCells', () => {
  test('keys are SHA-256, one for each cell, the same every time', () => {
    expect(new Set(keys()).size).toBe(3);
    expect(keys().every((key) => /^[0-9a-f]{64}$/.test(key))).toBe(true);
    expect(keys()).toEqual(keys());
  });

  test('another seed, protocol or model is another measurement', () => {
    const model = { name: 'tiny', sha256: 'b'.repeat(64), config: tinyConfig };
    for (const change of [
      { seed: 2 },
      { protocol: { ...DEFAULT_PROTOCOL, launches: 9 } },
      { models: new Map([['tiny', model]]) },
    ]) {
      expect(keys(change).every((key, i) => key !== keys()[i])).toBe(true);
    }
  });

  test('another adapter is one for the engines that use it only; a longer timeout is none', () => {
    const adapter = { id: 'x', label: 'other', kind: 'gpu', env: {} } as const;
    const changed = keys({ adapter }).map((key, i) => key !== keys()[i]);
    expect(changed).toEqual([true, true, false]);
    expect(planCells(sweep).map(needsAdapter)).toEqual(changed);
    expect(keys({ protocol: { ...DEFAULT_PROTOCOL, launchTimeoutMs: 1 } })).toEqual(keys());
  });

  test('without an adapter only the cells that need one are blocked', () => {
    const adapter = new BenchError('no-adapter', 'none found');
    const blocked = prepareCells(planCells(sweep), { ...context, adapter }).map(
      (cell) => cell.blocked,
    );
    expect(blocked).toEqual([adapter, adapter, null]);
  });

  test('a workload longer than the context and a model that cannot be read are found here', () => {
    const problem = new BenchError('model', 'truncated');
    const models = new Map([...context.models, ['bad', { problem }]] as const);
    const cells = planCells({
      ...sweep,
      models: ['tiny', 'bad'],
      prompt: '8,60',
      backends: 'wgsl',
    });
    const blocked = prepareCells(cells, { ...context, models }).map((cell) => cell.blocked?.code);
    expect(blocked).toEqual([undefined, 'usage', 'model', 'model']);
  });

  test('what cannot fit in the memory of the machine is refused where that is what computes', () => {
    const config = { ...tinyConfig, context: 2 ** 20, layers: 1000, kvHeads: 1000 };
    const models = new Map([['tiny', { name: 'tiny', sha256: 'a', config }]]);
    const cells = planCells({ ...sweep, prompt: '1000000', batch: '4096' });
    const codes = (kind: 'gpu' | 'software') => {
      const adapter = { id: 'x', label: 'x', kind, env: {} };
      return prepareCells(cells, { ...context, models, adapter }).map((cell) => cell.blocked?.code);
    };
    expect(codes('software')).toEqual(['out-of-memory', 'out-of-memory', 'out-of-memory']);
    expect(codes('gpu')).toEqual([undefined, undefined, 'out-of-memory']);
  });
});

describe('resuming', () => {
  const chargeAt =
    (usdPerHour: number | null): ChargeCell =>
    (device, { prefill, decode }) =>
      chargeRates(
        device,
        { prefill: prefill?.tokensPerSecond ?? null, decode: decode?.tokensPerSecond ?? null },
        usdPerHour,
      );
  const recordOf = (key: string, error: BenchError | null = null): BenchRecord =>
    buildRecord({
      id: key,
      run: 'run',
      key,
      createdAt: '2026-01-01T00:00:00.000Z',
      cell: fakeCell,
      seed: 1,
      protocol: DEFAULT_PROTOCOL,
      modelSha256: null,
      results: error === null ? [fakeLaunch([[100, [10]]])] : [],
      error,
      provenance: {},
      charge: chargeAt(3.6),
    });

  test('what is ok or unsupported is finished; what failed or timed out runs again', () => {
    const records = [
      recordOf('ok'),
      recordOf('unsupported', new BenchError('unsupported', 'x')),
      recordOf('failed', new BenchError('engine', 'x')),
      recordOf('slow', new BenchError('timeout', 'x')),
    ];
    expect([...finishedRecords(records).keys()]).toEqual(['ok', 'unsupported']);
  });

  test('a later failure does not undo a finished cell, and the latest result counts', () => {
    const later = { ...recordOf('a'), id: 'later' };
    const failed = recordOf('a', new BenchError('engine', 'x'));
    expect(finishedRecords([recordOf('a'), later, failed]).get('a')?.id).toBe('later');
  });

  test('a stored measurement is charged at the price given now', () => {
    const record = recordOf('a');
    const dearer = recharge(record, chargeAt(7.2));
    expect(dearer.cost?.inputUsdPerMtok?.median).toBeCloseTo(
      2 * (record.cost?.inputUsdPerMtok?.median ?? 0),
      10,
    );
    expect(dearer.prefill).toEqual(record.prefill);
    const unpriced = { ...record, device: { ...fakeLaunch([]).device, name: 'Unknown GPU' } };
    expect(recharge(unpriced, chargeAt(null))).toMatchObject({ cost: null });
    expect(recharge(unpriced, chargeAt(null)).flags.at(-1)?.code).toBe('price-unknown');
  });
});
