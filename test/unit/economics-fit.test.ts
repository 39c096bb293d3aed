import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KV_FORMATS, WEIGHT_FORMATS } from '../../src/core/cell.ts';
import { readByteSize } from '../../src/economics/fit/byte-size.ts';
import { decodeFloor } from '../../src/economics/fit/decode-floor.ts';
import {
  expertParameterShare,
  expertsReadShare,
  weightsReadShare,
} from '../../src/economics/fit/experts.ts';
import { type FitQuestion, fitRow } from '../../src/economics/fit/fit-row.ts';
import { findGpuMemory, GPU_MEMORY } from '../../src/economics/fit/gpu-memory.ts';
import {
  bytesPerGpu,
  type GpuMemory,
  gpusNeeded,
  kvTokensThatFit,
  largestBatch,
  type MemoryDemand,
  missingBytes,
} from '../../src/economics/fit/memory-fit.ts';
import {
  bitsPerWeight,
  kvBytesPerToken,
  type ModelShape,
  weightsBytes,
} from '../../src/economics/fit/model-shape.ts';
import { exact, unknown } from '../../src/economics/quantity.ts';
import { kvRowBytes, matrixBytes } from '../../src/model/footprint.ts';

/** Llama 3 70B, by its config.json; parameters rounded as people say them. */
const llama70b: ModelShape = { parameters: 70e9, layers: 80, kvHeads: 8, headDim: 128 };
const h100: GpuMemory = { memoryBytes: 80e9, usableShare: 1, activationBytes: 0 };

function demand(changes: Partial<MemoryDemand> = {}): MemoryDemand {
  return {
    weightsBytes: weightsBytes(llama70b, 'f16', true),
    kvBytesPerToken: kvBytesPerToken(llama70b, 'f16', true),
    kvHeads: 8,
    contextTokens: 8192,
    ...changes,
  };
}

describe('bytes of a model', () => {
  it.each([
    ['f32', 280e9],
    ['f16', 140e9],
    ['int8', 70e9],
    ['int4', 35e9],
  ] as const)('of 70 G parameters are, as %s without scales, %d', (format, expected) => {
    expect(weightsBytes(llama70b, format, false)).toBe(expected);
  });

  it('are 130.385160 GiB as f16, and 4.5 and 8.5 bits a weight with the scales of blocks', () => {
    expect(weightsBytes(llama70b, 'f16', true) / 2 ** 30).toBeCloseTo(130.38516, 5);
    expect(bitsPerWeight('int4', true)).toBe(4.5);
    expect(bitsPerWeight('int8', true)).toBe(8.5);
  });

  it('are those that packed matrices and caches take', () => {
    for (const format of WEIGHT_FORMATS) {
      const [rows, cols] = [3, 64];
      const bytes = weightsBytes({ parameters: rows * cols }, format, true);
      expect(bytes).toBe(matrixBytes(format, rows, cols));
    }
    for (const format of KV_FORMATS) {
      const shape = { layers: 5, kvHeads: 3, headDim: 96 };
      expect(kvBytesPerToken(shape, format, true)).toBe(2 * 5 * 3 * kvRowBytes(format, 96));
    }
  });

  it.each([
    [1, 327_680],
    [4096, 1.34217728e9],
    [8192, 2.68435456e9],
    [131_072, 42.94967296e9],
  ])('of the KV cache of %d tokens are %d', (contextTokens, expected) => {
    expect(contextTokens * kvBytesPerToken(llama70b, 'f16', true)).toBe(expected);
  });
});

describe('memory fit', () => {
  it('puts the weights of 70 G f16 parameters on two GPUs of 80 GB, with 61,035 tokens beside', () => {
    expect(gpusNeeded(demand(), h100, 0)).toBe(2);
    expect(largestBatch(demand(), h100, 1)).toBeNull();
    expect(missingBytes(demand(), h100, 1, 0)).toBe(60e9);
    expect(missingBytes(demand(), h100, 2, 0)).toBe(0);
    expect(kvTokensThatFit(demand(), h100, 2)).toBe(61_035);
    expect(largestBatch(demand(), h100, 2)).toBe(7);
    expect(largestBatch(demand({ contextTokens: 131_072 }), h100, 2)).toBe(0);
  });

  it('leaves out what is not usable and what activations take', () => {
    const used = { memoryBytes: 80e9, usableShare: 0.9, activationBytes: 1e9 };
    // 2 · (72 − 1) − 140 = 2 GB: less than a sequence of 8,192 tokens
    expect(largestBatch(demand(), used, 2)).toBe(0);
    expect(kvTokensThatFit(demand(), used, 2)).toBe(Math.floor(2e9 / 327_680));
    expect(gpusNeeded(demand(), used, 1)).toBe(3);
    expect(gpusNeeded(demand(), { ...used, activationBytes: 72e9 }, 1)).toBeNull();
  });

  it('keeps heads whole: 8 over 3 GPUs put 3 on one, and 16 GPUs hold each twice', () => {
    const cacheOnly = demand({ weightsBytes: 0 });
    const sequence = 8192 * 327_680;
    expect(bytesPerGpu(cacheOnly, 3, 1)).toBeCloseTo((sequence * 3) / 8, 3);
    expect(bytesPerGpu(cacheOnly, 8, 1)).toBe(sequence / 8);
    expect(bytesPerGpu(cacheOnly, 16, 1)).toBe(sequence / 8);
  });

  it('never fits where one head of the cache is more than a GPU', () => {
    const long = demand({ contextTokens: 10_000_000 });
    expect(gpusNeeded(long, h100, 1)).toBeNull();
    expect(missingBytes(long, h100, 8, 1)).toBeGreaterThan(0);
  });

  it('finds the batch and the GPUs that trying each one finds', () => {
    const demands = fc.record({
      weightsBytes: fc.integer({ min: 1, max: 400 }).map((gigabytes) => gigabytes * 1e9),
      kvBytesPerToken: fc.integer({ min: 1000, max: 2_000_000 }),
      kvHeads: fc.constantFrom(1, 2, 8, 32),
      contextTokens: fc.integer({ min: 128, max: 131_072 }),
    });
    fc.assert(
      fc.property(demands, fc.integer({ min: 1, max: 16 }), (one, gpus) => {
        const batch = largestBatch(one, h100, gpus);
        const fits = (b: number) => bytesPerGpu(one, gpus, b) <= h100.memoryBytes;
        if (batch === null) expect(fits(0)).toBe(false);
        else expect([fits(batch), fits(batch + 1)]).toEqual([true, false]);
        const needed = gpusNeeded(one, h100, 2);
        const tried = Array.from({ length: 64 }, (_, i) => i + 1).find(
          (g) => bytesPerGpu(one, g, 2) <= h100.memoryBytes,
        );
        expect(tried ?? null).toBe(needed !== null && needed <= 64 ? needed : null);
        expect(missingBytes(one, h100, gpus, 2) > 0).toBe(
          bytesPerGpu(one, gpus, 2) > h100.memoryBytes,
        );
      }),
    );
  });
});

describe('a mixture of experts', () => {
  it.each([
    [1, 0.25, 4],
    [8, 0.9, 3],
    [32, 0.9999, 5],
  ])('of which a token uses a quarter reads, at batch %d, %f of them', (batch, share, digits) => {
    const read = expertsReadShare({ experts: 8, activeExperts: 2 }, batch);
    expect(Math.abs(read - share)).toBeLessThan(digits === 5 ? 1e-5 : 1.5e-4);
  });

  it('reads what tokens that choose experts by chance read', () => {
    // each token takes one of 4 experts: brute force over all 4^3 choices
    let distinct = 0;
    for (let choice = 0; choice < 64; choice++) {
      distinct += new Set([choice % 4, Math.floor(choice / 4) % 4, Math.floor(choice / 16)]).size;
    }
    const expected = distinct / 64 / 4;
    expect(expertsReadShare({ experts: 4, activeExperts: 1 }, 3)).toBeCloseTo(expected, 12);
  });

  it('has the parameters outside its experts that total and active parameters leave', () => {
    // 5 shared + 8 experts of 5: 45 in all, 15 active with 2
    const model = { experts: 8, activeExperts: 2, totalParameters: 45, activeParameters: 15 };
    expect(expertParameterShare(model)).toBeCloseTo(40 / 45, 12);
    expect(weightsReadShare(model, 1) * 45).toBeCloseTo(15, 12);
    expect(weightsReadShare(model, 1000) * 45).toBeCloseTo(45, 9);
    expect(expertParameterShare({ ...model, activeParameters: null })).toBe(1);
  });
});

describe('the floor of decode', () => {
  it('is the time to read weights and cache once for a token of each sequence', () => {
    const inputs = {
      weightsReadBytes: 140e9,
      cacheBytes: 7 * 2.68435456e9,
      batch: 7,
      gpus: 2,
      bandwidthBytesPerSecond: 3.35e12,
      usdPerGpuHour: 2.95,
    };
    const { decodeTps, outputUsdPerMtok } = decodeFloor(inputs);
    // 158.79 GB at 6.7 TB/s: 23.70 ms a step
    expect(decodeTps).toBeCloseTo(7 / 0.0237004, 2);
    expect(outputUsdPerMtok).toBeCloseTo((5.9 / 3600 / decodeTps) * 1e6, 9);
    expect(decodeFloor({ ...inputs, batch: 0 }).outputUsdPerMtok).toBeNaN();
  });
});

describe('a row of a fit', () => {
  const question: FitQuestion = {
    gpu: h100,
    batch: 1,
    gpus: null,
    usdPerGpuHour: exact(2.95),
    bandwidthBytesPerSecond: exact(3.35e12),
    sequenceTps: exact(30),
    experts: null,
    seed: 0,
  };
  const f16 = { weights: 'f16', kv: 'f16', ...demand() } as const;

  it('costs twice as much at twice the price, and fits as before', () => {
    const once = fitRow(f16, question);
    const twice = fitRow(f16, { ...question, usdPerGpuHour: exact(5.9) });
    expect(once).toMatchObject({ gpus: 2, largestBatch: 7, isFitting: true, missingBytes: 0 });
    expect(twice.outputUsdPerMtok.value).toBeCloseTo(2 * (once.outputUsdPerMtok.value ?? 0), 12);
    // 2 × $2.95 an hour over 7 × 30 tokens/s
    expect(once.outputUsdPerMtok.value).toBeCloseTo((5.9 * 1e6) / (3600 * 210), 9);
  });

  it('has no cost without a price or where it does not fit', () => {
    const priceless = fitRow(f16, { ...question, usdPerGpuHour: unknown('no price') });
    expect(priceless.largestBatch).toBe(7);
    expect(priceless.leastOutputUsdPerMtok).toMatchObject({ value: null, reason: 'no price' });
    expect(priceless.mostDecodeTps.value).toBeGreaterThan(0);
    const tight = fitRow(f16, { ...question, gpus: 1 });
    expect(tight).toMatchObject({ isFitting: false, largestBatch: null, gpusNeeded: 2 });
    expect(tight.usdPerHour).toMatchObject({ value: null, reason: 'it does not fit' });
  });

  it('reads fewer weights of a mixture of experts, but needs the memory of all', () => {
    const experts = { experts: 64, activeExperts: 2, totalParameters: 70e9, activeParameters: 5e9 };
    const dense = fitRow(f16, question);
    const mixture = fitRow(f16, { ...question, experts });
    expect(mixture.largestBatch).toBe(dense.largestBatch);
    expect(mixture.mostDecodeTps.value ?? 0).toBeGreaterThan(dense.mostDecodeTps.value ?? 0);
  });
});

describe('memory of GPUs', () => {
  it('is listed once for each GPU, in bytes a second that read all of it in under 0.1 s', () => {
    expect(new Set(GPU_MEMORY.map(({ gpu }) => gpu)).size).toBe(GPU_MEMORY.length);
    for (const { memoryBytes, bandwidthBytesPerSecond } of GPU_MEMORY) {
      expect(memoryBytes).toBeGreaterThanOrEqual(16e9);
      expect(memoryBytes / bandwidthBytesPerSecond).toBeLessThan(0.1);
      expect(memoryBytes / bandwidthBytesPerSecond).toBeGreaterThan(0.01);
    }
  });

  it('is found in any spelling, and asks where a name means several', () => {
    expect(findGpuMemory('a100-80gb').memoryBytes).toBe(80e9);
    expect(() => findGpuMemory('A100')).toThrow(/"A100" is not known/);
    expect(() => findGpuMemory('H1OO')).toThrow(/is not known/);
  });
});

describe('sizes', () => {
  it.each([
    ['80GB', 80e9],
    ['80 gib', 80 * 2 ** 30],
    ['1.5TB', 1.5e12],
    ['512MiB', 2 ** 29],
  ])('%s is %d bytes', (text, expected) => {
    expect(readByteSize(text)).toBe(expected);
  });

  it.each(['80', '80G', '-1GB', 'GB', '1e3GB', '80GB80', ''])('%j is none', (text) => {
    expect(readByteSize(text)).toBeNull();
  });
});
