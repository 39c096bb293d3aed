import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { latencyColumn } from '../../src/economics/capacity/latency.ts';
import { loadCostOf, ratesOfPoint } from '../../src/economics/capacity/load-cost.ts';
import { type ReadCurvesOptions, readCurves } from '../../src/economics/capacity/read-curves.ts';
import { recordCurves } from '../../src/economics/capacity/record-curves.ts';
import { exact } from '../../src/economics/quantity.ts';
import { tokenCosts } from '../../src/economics/tokens/token-costs.ts';
import { curveOf, failureOf } from '../support/load-curves.ts';
import { around, gpuRecord } from '../support/sample-records.ts';

describe('columns of load curves', () => {
  it.each([
    ['ttft_p99_ms', 'ttft-p99', 1],
    ['P99 TTFT (ms)', 'ttft-p99', 1],
    ['median_tpot_ms', 'tpot-p50', 1],
    ['mean ITL', 'itl-mean', 1],
    ['e2el_p90_ms', 'e2e-p90', 1],
    ['latency_p99.9_s', 'e2e-p99.9', 1000],
  ])('%s is %s', (column, name, msPerUnit) => {
    expect(latencyColumn(column)).toEqual({ name, msPerUnit });
  });

  it.each(['ttft_ms', 'gpu_p99', 'ttft_p99_ratio', 'ttft_p99_p90', 'constructor', ''])(
    '%s is no latency',
    (column) => expect(latencyColumn(column)).toBeNull(),
  );

  it('are known by many names', () => {
    const { points } = curveOf([
      'Request Rate,Output Token Throughput,Total Token Throughput,P99 TTFT (s),num_gpus,price per GPU hour',
      '1,100,500,0.25,2,3',
    ]);
    expect(points[0]).toMatchObject({
      load: 1,
      outputTps: { value: 100 },
      inputTps: { value: 400 },
      requestsPerSecond: { value: null },
    });
    expect(points[0]?.latencyMs.get('ttft-p99')?.value).toBe(250);
  });

  it.each([
    // column, GPUs, basis, USD per hour of the deployment
    ['usd_per_gpu_hour', 4, null, 12],
    ['total_usd_per_hour', 4, null, 3],
    ['price', 1, null, 3],
    ['price', 4, 'total', 3],
    ['price', 4, 'per-gpu', 12],
    ['usd_per_gpu_hour', 4, 'total', 3],
  ] as const)(
    '%s of %d GPUs, taken as %s, is %d USD an hour',
    (column, gpus, priceBasis, total) => {
      const curve = curveOf([`rps,output_tps,gpus,${column}`, `1,100,${gpus},3`], { priceBasis });
      expect(curve.usdPerHour.value).toBe(total);
    },
  );

  it('may lack prices: costs are then unknown, not 0', () => {
    expect(curveOf(['rps,output_tps', '1,100']).usdPerHour).toMatchObject({
      value: null,
      reason: 'curve.csv has no price; give one with --gpu-price',
    });
  });

  it('leave out a row that repeats another figure for figure', () => {
    const { points, notes } = curveOf(['rps,output_tps,ttft_p99_ms', '1,100,5', '1,100,5']);
    expect(points[0]?.runs).toBe(1);
    expect(notes.join()).toContain('line 3 repeats line 2');
  });
});

describe('curves that are none', () => {
  const cases: [string[], string, ReadCurvesOptions?][] = [
    [[''], 'c.csv is empty'],
    [['rps,output_tps'], 'has a heading and no rows'],
    [['rps,tokens', '1,2'], 'c.csv:1: no column of output tokens per second'],
    [['speed,output_tps', '1,2'], 'c.csv:1: no column of loads'],
    [['rps,qps,output_tps', '1,1,2'], 'the columns "rps" and "qps" mean the same'],
    [['rps,output_tps,ttft_p99_ms,p99_ttft', '1,2,3,4'], 'mean the same'],
    [['rps,output_tps', '1,-5'], 'c.csv:2: output_tps must be a number from 0'],
    [['rps,output_tps', '1,0'], 'c.csv:2: output_tps must be above 0, got "0"'],
    [['rps,output_tps', '0,5'], 'c.csv:2: rps must be above 0'],
    [['rps,output_tps', '1,NaN'], 'c.csv:2: output_tps must be a number'],
    [['rps,output_tps', 'inf,5'], 'c.csv:2: rps must be a number'],
    [['rps,output_tps', '1,many'], 'c.csv:2: output_tps must be a number'],
    [['rps,output_tps', '1,'], 'c.csv:2: output_tps must be above 0, got ""'],
    [['rps,output_tps,ttft_p99_ms', '1,5,-3'], 'c.csv:2: ttft_p99_ms must be a number'],
    [['rps,output_tps,error_rate', '1,5,2'], 'c.csv:2: error_rate must be a number from 0 to 1'],
    [['rps,output_tps,total_tps', '1,5,2'], 'must be at least the 5 of the output alone'],
    [
      ['rps,output_tps', '1,100', '2,150', '1,250'],
      'c.csv:4: output_tps is 250 at load 1, but 100 in line 2',
    ],
    [['rps,output_tps,price', '1,100,3', '2,150,4'], 'c.csv:3: price is 4, but 3 in line 2'],
    [['rps,output_tps,price', '1,100,3', '2,150,'], 'c.csv:3: price is empty, but 3'],
    [['rps,output_tps,gpus', '1,100,1', '2,150,2'], 'c.csv:3: gpus is "2", but "1" in line 2'],
    [['rps,output_tps,gpus', '1,100,1.5'], 'c.csv:2: gpus must be a whole number'],
    [['rps,output_tps,gpus', '1,100,0'], 'c.csv:2: gpus must be a number from 1'],
    [['rps,output_tps,gpus', '1,100,2'], 'c.csv:2: gpus is 2, but --gpus says 4', { gpus: 4 }],
    [
      ['rps,output_tps,gpus,price', '1,100,2,3'],
      'does not say whether that is the price of one or of all',
    ],
    [['rps,output_tps,model', '1,100,a', '2,150,b'], 'c.csv:3: model is "b", but "a" in line 2'],
    [['config,rps,output_tps', ',1,100'], 'c.csv:2: config is needed'],
  ];

  it.each(cases)('%j: %s', (lines, message, options = {}) => {
    expect(failureOf(() => readCurves(lines.join('\n'), 'c.csv', options))).toContain(message);
  });

  it('never throw anything but a coded error', () => {
    const cell = fc.constantFrom(
      '1',
      '-1',
      'NaN',
      '',
      '1e400',
      '=1',
      '"',
      'x',
      '0',
      'config',
      'rps',
    );
    const row = fc.array(cell, { minLength: 3, maxLength: 3 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
        try {
          readCurves(['config,rps,output_tps', ...rows].join('\n'), 'c.csv');
        } catch (error) {
          expect(error).toBeInstanceOf(BenchError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('records of several batch sizes', () => {
  const record = (batch: number, tps: number, changes: Parameters<typeof gpuRecord>[0] = {}) => {
    const base = gpuRecord();
    const { cell, decode } = base;
    return gpuRecord({
      id: `batch-${batch}`,
      cell: { ...cell, workload: { ...cell.workload, batch } },
      decode: decode && { ...decode, tokensPerSecond: around(tps) },
      ...changes,
    });
  };

  it('are a closed-loop curve that costs what cost tokens says', () => {
    const [curve, ...others] = recordCurves([record(4, 300), record(1, 100), record(8, 400)], null);
    expect(others).toEqual([]);
    expect(curve?.loadUnit).toBe('concurrent');
    expect(curve?.points.map(({ load }) => load)).toEqual([1, 4, 8]);
    const [one] = curve?.points ?? [];
    if (curve === undefined || one === undefined) throw new Error('no curve');
    const expected = tokenCosts({
      ...{ prefillTps: 5120, decodeTps: 100, usdPerGpuHour: 3.6, gpus: 1, utilization: 1 },
      ...{ cacheHit: 0, inputTokens: 512, outputTokens: 128, blendInput: 1, blendOutput: 1 },
    });
    const costs = loadCostOf(curve, ratesOfPoint(curve, one));
    expect(costs.allOnOutputUsdPerMtok.value).toBeCloseTo(expected.allOnOutputUsdPerMtok, 9);
    expect(costs.usdPerRequest.value).toBeCloseTo(expected.usdPerRequest, 12);
    // 128 tokens of 512 + 128 that take 0.1 s and 1.28 s
    expect(one.outputTps.value).toBeCloseTo(128 / 1.38, 9);
    expect(one.outputTps.low).toBeLessThan(one.outputTps.value);
    expect(one.latencyMs.get('tpot-p99')?.value).toBe(15);
  });

  it('take the last record of a batch, and keep other cells apart', () => {
    const other = { ...gpuRecord().cell, model: 'another' };
    const curves = recordCurves(
      [record(1, 90), record(1, 100), record(2, 180), record(1, 50, { cell: other })],
      exact(2),
    );
    expect(curves).toHaveLength(1);
    expect(curves[0]?.usdPerHour.value).toBe(2);
    expect(curves[0]?.points[0]?.outputTps.value).toBeCloseTo(128 / 1.38, 9);
  });

  it.each([
    [[record(1, 100)], 'measured at several batch sizes'],
    [[], 'measured at several batch sizes'],
    [
      [record(1, 100), record(2, 180, { cost: { ...gpuRecord().cost, usdPerHour: 9 } as never })],
      'have different prices: 3.6, 9',
    ],
  ])('say why there is no curve (%#)', (records, message) => {
    expect(failureOf(() => recordCurves(records, null))).toContain(message);
  });
});
