import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Peaks } from '../../src/core/kernel-peaks.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { splitCost } from '../../src/economics/token-cost.ts';
import { buildRecord } from '../../src/measure/build-record.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { rooflineOf } from '../../src/measure/roofline.ts';
import { verifyRecord } from '../../src/measure/verify-record.ts';
import { readStore } from '../../src/store/jsonl.ts';
import { parseRecord } from '../../src/store/parse-record.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';
import { unsupportedRecord } from '../support/sample-records.ts';

const reports = fileURLToPath(new URL('../../reports/', import.meta.url));
const published = readdirSync(reports, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('records.jsonl'),
);

const peaks: Peaks = {
  readGbPerSecond: 4000,
  copyGbPerSecond: 3900,
  f32GflopPerSecond: 50_000,
  f16GflopPerSecond: null,
  dispatchUs: 1,
  encodeUs: 1,
  bufferBytes: 1e9,
  clock: 'gpu',
};
const price = { gpu: 'H200', source: 'an invented list', date: null, standIn: false };

/** What is stored of six launches, whose intervals are bootstrapped. */
function stored(): BenchRecord {
  const launches = [10, 11, 12, 10.5, 11.5, 10.2].map((ms) =>
    fakeLaunch(
      [
        [ms, [ms / 4, ms / 5, ms / 3], ms / 2],
        [ms * 1.02, [ms / 4, ms / 5, ms / 2], ms / 2.1],
      ],
      { runAheadSteps: 4 },
    ),
  );
  const record = buildRecord({
    id: 'made',
    run: 'run',
    key: 'key',
    createdAt: '2026-01-01T00:00:00.000Z',
    cell: fakeCell,
    seed: 7,
    protocol: DEFAULT_PROTOCOL,
    stop: { rule: 'launch-cap', spentMs: 600 },
    modelSha256: null,
    results: launches,
    error: null,
    provenance: {},
    place: (cell) => ({
      roofline: rooflineOf(
        cell,
        { prefill: { bytes: 5e6, flops: 3e8 }, decode: { bytes: 4e6, flops: 2e6 } },
        { adapter: 'NVIDIA H200', peaks },
      ),
      flags: [],
    }),
    charge: (_, { prefill, decode }) => {
      const rates = {
        prefill: prefill?.tokensPerSecond ?? null,
        decode: decode?.tokensPerSecond ?? null,
      };
      return { cost: splitCost(rates, { usdPerHour: 3.6, price }), flags: [] };
    },
  });
  const parsed = parseRecord(JSON.stringify(record), 'made');
  if ('reason' in parsed) throw new Error(parsed.reason);
  return parsed;
}

const agrees = { differences: [], skipsBounds: false };
const fieldsOf = (record: BenchRecord) =>
  verifyRecord(record, splitCost).differences.map(({ field }) => field);

/** The record with every number at a path multiplied by 1 + 1e-6. */
function changed(record: BenchRecord, path: string): BenchRecord {
  const copy = structuredClone(record);
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = copy as unknown as Record<string, unknown>;
  for (const name of names) at = at[name] as Record<string, unknown>;
  expect(at[last]).toEqual(expect.any(Number));
  at[last] = Number(at[last]) * (1 + 1e-6);
  return copy;
}

describe('verifying', () => {
  it.each(published)(
    'finds the records of reports/%s to follow from their samples',
    async (path) => {
      const { records, problems } = await readStore(join(reports, path));
      expect(records.length).toBeGreaterThan(0);
      expect(problems).toEqual([]);
      for (const record of records) expect(verifyRecord(record, splitCost)).toEqual(agrees);
    },
  );

  it('accepts a record with bootstrapped intervals and run-ahead, and one of a cell that failed', () => {
    const record = stored();
    expect(record.decode?.runAhead?.tokensPerSecond.low).not.toBeNull();
    expect(verifyRecord(record, splitCost)).toEqual(agrees);
    expect(verifyRecord(unsupportedRecord(), splitCost)).toEqual(agrees);
  });

  it.each([
    'prefill.tokensPerSecond.median',
    'prefill.ttftMs.low',
    'decode.tokensPerSecond.high',
    'decode.tpotMs.p50',
    'decode.runAhead.tokensPerSecond.median',
    'decode.runAhead.syncsPerToken',
    'load.compileMs',
    'memory.peakGpuBytes',
    'roofline.decode.mbu.median',
    'roofline.prefill.mfu.high',
    'cost.inputUsdPerMtok.median',
    'cost.outputUsdPerMtok.low',
  ])('names %s when it was changed', (path) => {
    expect(fieldsOf(changed(stored(), path))).toEqual([path]);
  });

  it('names both values', () => {
    const record = stored();
    const honest = record.decode?.tpotMs.p50 ?? 0;
    const forged = changed(record, 'decode.tpotMs.p50');
    const [difference] = verifyRecord(forged, splitCost).differences;
    expect(difference?.recomputed).toBeCloseTo(honest, 9);
    expect(difference?.stored).toBe(honest * (1 + 1e-6));
  });

  it('notices changed samples, workloads and prices by what follows from them', () => {
    const record = stored();
    expect(fieldsOf(changed(record, 'launches.0.repetitions.0.prefillMs'))).not.toEqual([]);
    expect(fieldsOf(changed(record, 'cost.usdPerHour'))).not.toEqual([]);
    const workload = { ...record.cell.workload, batch: 3 };
    expect(fieldsOf({ ...record, cell: { ...record.cell, workload } })).not.toEqual([]);
    expect(fieldsOf({ ...record, launches: record.launches.slice(1) })).not.toEqual([]);
  });

  it('notices flags that were taken away or added', () => {
    const record = stored();
    const withheld = record.flags.filter(({ code }) => code !== 'p99-withheld');
    expect(fieldsOf({ ...record, flags: withheld })).not.toEqual([]);
    const added = { code: 'low-n', field: null, message: 'Not true.' };
    expect(fieldsOf({ ...record, flags: [...record.flags, added] })).not.toEqual([]);
  });

  it('leaves out what an earlier method made, and says so', () => {
    const { protocol: _, diagnostics: __, ...rest } = stored();
    const flags = rest.flags.filter(({ code }) => code !== 'no-run-ahead');
    const earlier = changed(
      { ...rest, flags, protocol: null, diagnostics: null },
      'prefill.ttftMs.low',
    );
    expect(verifyRecord(earlier, splitCost)).toEqual({ differences: [], skipsBounds: true });
    expect(fieldsOf(changed(earlier, 'prefill.ttftMs.median'))).toEqual(['prefill.ttftMs.median']);
  });

  it('notices figures of a cell that is said to have failed', () => {
    const { prefill } = stored();
    expect(fieldsOf(unsupportedRecord({ prefill }))).toEqual(['prefill']);
  });
});
