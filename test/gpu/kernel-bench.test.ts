import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelCase } from '../../bench/kernels/case.ts';
import { probeCopyCase, probeFmaCase } from '../../bench/kernels/cases/probes.ts';
import { measureOperation } from '../../bench/kernels/measure-operation.ts';
import { measurePeaks } from '../../bench/kernels/peaks.ts';
import { validateCases } from '../../bench/kernels/validate.ts';
import { peaksSchema } from '../../src/core/kernel-peaks.ts';
import { kernelMeasurementSchema } from '../../src/core/kernel-record.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { KernelCompiler } from '../../src/gpu/program.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { openTestDevice } from '../support/gpu.ts';
import { samplePeaks } from '../support/kernel-records.ts';

let gpu: GpuDevice;
let compiler: KernelCompiler;
beforeAll(async () => {
  gpu = await openTestDevice({ safety: 'native' });
  compiler = new KernelCompiler(gpu, nodeHost);
});
afterAll(() => gpu.dispose());

it('measures peaks that an adapter can have, and leaves nothing allocated', async () => {
  const before = gpu.ledger().currentTotal;
  const peaks = await measurePeaks(gpu, nodeHost, compiler);
  expect(peaksSchema.parse(peaks)).toEqual(peaks);
  for (const figure of [peaks.readGbPerSecond, peaks.copyGbPerSecond, peaks.f32GflopPerSecond]) {
    expect(figure).toBeGreaterThan(0.05);
    expect(figure).toBeLessThan(1e6);
  }
  expect(peaks.f16GflopPerSecond === null).toBe(!gpu.hasF16);
  expect(peaks.encodeUs).toBeLessThan(1000);
  expect(gpu.ledger().currentTotal).toBe(before);
});

describe('a validation', () => {
  const wrong: KernelCase = {
    ...probeCopyCase(64),
    name: 'wrong on purpose',
    make: (rng) => {
      const { x, ...outputs } = probeCopyCase(64).make(rng);
      if (!x) throw new Error('the copy has an input');
      return { x: { bytes: x.bytes.map((byte, i) => byte ^ (i === 77 ? 1 : 0)) }, ...outputs };
    },
  };

  it('counts what ran, what could not, and what is wrong, and goes on', async () => {
    const plain = await openTestDevice({ features: 'none', limits: 'default', safety: 'native' });
    const configurations = [
      { name: 'all', gpu, compiler },
      { name: 'plain', gpu: plain, compiler: new KernelCompiler(plain, nodeHost) },
    ];
    const cases = [wrong, probeCopyCase(64), probeFmaCase(67, 4, 'f16')];
    const done: number[] = [];
    const results = await validateCases(cases, configurations, (count) => done.push(count));
    await plain.dispose();
    expect(done).toEqual([1, 2, 3]);
    for (const { kernels } of results) {
      const copy = kernels.find(({ kernel }) => kernel === 'probe-copy');
      expect(copy).toMatchObject({ cases: 2, notRunnable: [] });
      expect(copy?.failures.map(({ bindings }) => bindings)).toEqual(['past-end', 'exact']);
      expect(copy?.failures[0]?.message).toMatch(/wrong on purpose.* \[19\] is 0x/);
    }
    const halves = results.map(({ kernels }) => kernels.find((one) => one.kernel === 'probe-fma'));
    const missing = {
      cases: 0,
      notRunnable: [{ reason: 'the device has no shader-f16', cases: 1 }],
    };
    const ran = { cases: 1, notRunnable: [], paths: [{ path: 'activations f16', cases: 1 }] };
    expect(halves).toMatchObject([gpu.hasF16 ? ran : missing, missing]);
  });
});

describe('an operation', () => {
  it.each([
    ['product', { kind: 'product', format: 'int4', rows: 3, k: 96, n: 130 }],
    [
      'attention',
      { kind: 'attention', heads: 4, kvHeads: 2, headDim: 32, kv: 'f16', position: 40, seq: 1 },
    ],
  ] as const)(
    '%s is measured cold and warm on our kernels, right and timed',
    async (name, operation) => {
      const measurement = await measureOperation(
        { name, operation, uses: ['a test'] },
        {
          gpu,
          host: nodeHost,
          compiler,
          tuned: null,
          peaks: samplePeaks,
          effort: { blocks: 5, sampleMs: 1, coldBytes: 1 << 18 },
          activations: 'f32',
          openPeer: null,
          seed: 1,
        },
      );
      expect(kernelMeasurementSchema.parse(measurement)).toEqual(measurement);
      expect(measurement.outcome).toEqual({ status: 'ok' });
      expect(measurement.contenders.map(({ role }) => role)).toEqual(['cold', 'warm']);
      for (const { accuracy, samplesMs, figures, settings } of measurement.contenders) {
        expect(accuracy?.nmse).toBeLessThan(1e-9);
        expect(samplesMs).toHaveLength(5);
        expect(figures?.ms.median).toBeGreaterThan(0);
        expect(settings.choice).toBe('default');
      }
    },
  );
});
