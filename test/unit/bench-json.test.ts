import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { BenchRecord } from '../../src/core/record.ts';
import { benchJson } from '../../src/report/bench-json.ts';
import { gpuRecord, softwareRecord, unsupportedRecord } from '../support/sample-records.ts';

const estimate = z.object({
  median: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** What a script may rely on, written down apart from the code that makes it. */
const entrySchema = z.object({
  cell: z.object({
    model: z.string(),
    variant: z.object({ weights: z.string(), kv: z.string(), activations: z.string() }),
    backend: z.string(),
    host: z.string(),
    workload: z.object({
      promptTokens: z.int(),
      generatedTokens: z.int(),
      depth: z.int(),
      batch: z.int(),
    }),
  }),
  device: z
    .object({ name: z.string(), vendor: z.string(), kind: z.enum(['gpu', 'cpu', 'software']) })
    .nullable(),
  outcome: z.object({
    status: z.enum(['ok', 'unsupported', 'failed', 'timed-out']),
    code: z.string().optional(),
    message: z.string().optional(),
    hint: z.string().optional(),
  }),
  flags: z.array(z.object({ code: z.string(), field: z.string().nullable(), message: z.string() })),
  prefill: z.object({ tokensPerSecond: estimate, ttftMs: estimate }).nullable(),
  decode: z
    .object({
      tokensPerSecond: estimate,
      tpotMs: z.object({ p50: z.number(), p95: z.number().nullable(), p99: z.number().nullable() }),
      runAhead: z
        .object({ steps: z.int(), tokensPerSecond: estimate, syncsPerToken: z.number() })
        .nullable(),
    })
    .nullable(),
  memory: z.object({
    weightsBytes: z.int().nullable(),
    kvCacheBytes: z.int().nullable(),
    activationBytes: z.int().nullable(),
    peakGpuBytes: z.int().nullable(),
    peakRssBytes: z.int().nullable(),
  }),
  cost: z
    .object({
      usdPerHour: z.number(),
      view: z.literal('split'),
      inputUsdPerMtok: estimate.nullable(),
      outputUsdPerMtok: estimate.nullable(),
    })
    .nullable(),
});

function only(record: BenchRecord) {
  const [entry] = benchJson([record]);
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

describe('benchJson', () => {
  it('has the promised fields for whatever became of a cell', () => {
    const entries = benchJson([gpuRecord(), softwareRecord(), unsupportedRecord()]);
    const parsed = z.array(entrySchema).parse(JSON.parse(JSON.stringify(entries)));
    expect(parsed.map(({ outcome }) => outcome.status)).toEqual(['ok', 'ok', 'unsupported']);
  });

  it('takes the figures over unchanged', () => {
    const record = gpuRecord();
    const { prefill, decode, memory, cost } = only(record);
    expect({ prefill, decode, memory, cost }).toEqual({
      prefill: record.prefill,
      decode: record.decode,
      memory: record.memory,
      cost: record.cost,
    });
  });

  it('adds no flag where the record explains every absent figure', () => {
    expect(only(softwareRecord()).flags).toEqual(softwareRecord().flags);
    expect(only(unsupportedRecord()).flags).toEqual(unsupportedRecord().flags);
    expect(only(gpuRecord()).flags).toEqual([]);
  });

  it('gives a reason for an absent figure that the record does not explain', () => {
    const record = gpuRecord();
    const entry = only({ ...record, memory: { ...record.memory, peakGpuBytes: null } });
    expect(entry.flags).toEqual([
      expect.objectContaining({ code: 'unknown', field: 'memory.peakGpuBytes' }),
    ]);
  });

  it('does not explain one figure by the flag of another', () => {
    const record = softwareRecord();
    const entry = only({ ...record, memory: { ...record.memory, weightsBytes: null } });
    expect(entry.flags.map(({ field }) => field)).toContain('memory.weightsBytes');
  });

  it('explains the price of a phase by what is said of the phase', () => {
    const record = gpuRecord();
    const flag = { code: 'not-measured', field: 'decode', message: 'Nothing was generated.' };
    const cost = record.cost && { ...record.cost, outputUsdPerMtok: null };
    expect(only({ ...record, decode: null, cost, flags: [flag] }).flags).toEqual([flag]);
  });
});
