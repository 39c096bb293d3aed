import type { PhaseDiagnostics } from '../../src/core/diagnostics.ts';
import type { PhaseProfile, Profile } from '../../src/core/profile.ts';
import type { BenchRecord, Estimate, Flag } from '../../src/core/record.ts';

/** Records that no machine ever measured: round, invented figures for tests of what is made from records. */

const MODEL_SHA256 = 'ab'.repeat(32);

const noMemory: BenchRecord['memory'] = {
  weightsBytes: null,
  kvCacheBytes: null,
  activationBytes: null,
  stagingBytes: null,
  peakGpuBytes: null,
  peakRssBytes: null,
};

/** `median` with bounds a tenth below and above. */
export function around(median: number): Estimate {
  return { median, low: median * 0.9, high: median * 1.1 };
}

const sampleDiagnostics: PhaseDiagnostics = {
  samples: 30,
  launchCv: 0.015,
  repetitionCv: 0.01,
  madShare: 0.007,
  lag1: 0.25,
  driftInLaunches: { share: -0.012, pValue: 0.03 },
  driftOverLaunches: null,
  bimodality: { pValue: 0.4, separation: 0.016, minorShare: 0.3 },
  launchGroups: null,
  outliers: { mild: 2, severe: 1 },
};

/** A cell measured on an invented GPU. */
export function gpuRecord(changes: Partial<BenchRecord> = {}): BenchRecord {
  return {
    schema: 1,
    id: 'fixture-gpu',
    run: 'fixture-run',
    key: 'fixture-key-gpu',
    createdAt: '2026-01-02T03:04:05.000Z',
    cell: {
      model: 'fixture-model',
      variant: { weights: 'int4', kv: 'f16', activations: 'f32' },
      backend: 'wgsl',
      host: 'node',
      workload: { promptTokens: 512, generatedTokens: 128, depth: 0, batch: 1 },
    },
    modelSha256: MODEL_SHA256,
    device: { name: 'Invented GPU 9000', vendor: 'nobody', kind: 'gpu', details: {} },
    outcome: { status: 'ok' },
    flags: [],
    settings: { subgroups: true, 'protocol.launches': 3 },
    provenance: { command: 'mtok bench --model fixture-model', mtok: '0.0.0', node: '20.19.0' },
    seed: 42,
    launches: [1, 2, 3].map(() => ({
      startedAt: '2026-01-02T03:04:05.000Z',
      load: { readMs: 10, packMs: 0, compileMs: 200, uploadMs: 30, firstRunMs: 40 },
      warmup: [{ prefillMs: 120, stepMs: [11], runAheadMs: 11 }],
      repetitions: [{ prefillMs: 100, stepMs: [10, 10], runAheadMs: 16 }],
      memory: { ...noMemory, weightsBytes: 1e9 },
      environment: null,
      gcPauses: null,
    })),
    prefill: { tokensPerSecond: around(5120), ttftMs: around(100) },
    decode: {
      tokensPerSecond: around(100),
      tpotMs: { p50: 10, p95: 12, p99: 15 },
      runAhead: { steps: 8, tokensPerSecond: around(125), syncsPerToken: 0.125 },
    },
    load: { readMs: 10, packMs: 0, compileMs: 200, uploadMs: 30, firstRunMs: 40 },
    memory: {
      weightsBytes: 1_000_000_000,
      kvCacheBytes: 20_000_000,
      activationBytes: 3_000_000,
      stagingBytes: 512,
      peakGpuBytes: 1_023_000_512,
      peakRssBytes: 400_000_000,
    },
    cost: {
      usdPerHour: 3.6,
      view: 'split',
      inputUsdPerMtok: around(0.1953),
      outputUsdPerMtok: around(10),
      price: { gpu: 'Invented GPU 9000', source: '--gpu-price', date: null, standIn: false },
    },
    profile: null,
    roofline: sampleRoofline(),
    energy: sampleEnergy(),
    protocol: {
      preset: 'quick',
      overrides: ['--launches 3'],
      launchesMin: 3,
      launchesMax: 3,
      halfWidthTarget: 0.05,
      cellBudgetMs: 20_000,
      stop: {
        rule: 'launch-cap',
        spentMs: 9000,
        halfWidth: { prefill: 0.1, decode: 0.1 },
        targetMet: false,
      },
    },
    diagnostics: { prefill: sampleDiagnostics, decode: null },
    ...changes,
  };
}

const softwareFlag: Flag = {
  code: 'software-adapter',
  field: null,
  message: "Invented Software Rasteriser computes on the processor; these timings are not a GPU's.",
  hint: 'Run on a machine with a GPU; mtok doctor lists the adapters found.',
};

/** Where the time of an invented step goes. */
export function sampleProfile(): Profile {
  const phase = (rows: number, position: number): PhaseProfile => ({
    rows,
    position,
    clock: 'gpu',
    kernels: [
      {
        role: 'qkv',
        kernel: 'matvec',
        dispatches: 16,
        ms: 3,
        share: 0.75,
        bytes: 3_000_000_000,
        gbPerSecond: 1000,
      },
      {
        role: 'odd|role',
        kernel: 'unheard-of',
        dispatches: 1,
        ms: 1,
        share: 0.25,
        bytes: null,
        gbPerSecond: null,
      },
    ],
    deviceMs: 4.5,
    dispatches: 17,
    submits: 1,
    encodeUs: 34,
    encodeUsPerDispatch: 2,
    syncMs: 0.25,
    stepMs: 4.8,
  });
  return { dispatchesPerLayer: 7, decode: phase(1, 512), prefill: phase(512, 0) };
}

/** Shares of what the invented GPU does at best. */
export function sampleRoofline(): NonNullable<BenchRecord['roofline']> {
  return {
    peaks: {
      readGbPerSecond: 1000,
      copyGbPerSecond: 900,
      f32GflopPerSecond: 10_000,
      f16GflopPerSecond: 40_000,
      dispatchUs: 4,
      encodeUs: 1,
      bufferBytes: 2 ** 28,
      clock: 'gpu',
    },
    adapter: 'Invented GPU 9000',
    peakGbPerSecond: 1000,
    prefill: { bytes: 1e9, flops: 2e12, arithmetic: 'f16', mbu: around(0.01), mfu: around(0.5) },
    decode: { bytes: 1e9, flops: 4e9, arithmetic: 'f32', mbu: around(0.1), mfu: around(0.04) },
  };
}

/** 300 W in prefill and 200 W in decode. */
export function sampleEnergy(): NonNullable<BenchRecord['energy']> {
  const phase = (meanW: number, windowMs: number, tokens: number) => {
    const joules = (meanW * windowMs) / 1000;
    const samples = windowMs / 100;
    return {
      joules,
      windowMs,
      windows: 3,
      samples,
      tokens,
      joulesPerToken: joules / tokens,
      meanW,
    };
  };
  return {
    source: 'nvidia-smi',
    idleW: 75,
    idleSamples: 15,
    launches: 3,
    prefill: phase(300, 1000, 1500),
    decode: phase(200, 3000, 300),
  };
}

/** The same cell on an invented software adapter whose engine hides a figure; one launch, a stand-in price. */
export function softwareRecord(changes: Partial<BenchRecord> = {}): BenchRecord {
  const record = gpuRecord();
  const single = (median: number): Estimate => ({ median, low: null, high: null });
  return {
    ...record,
    id: 'fixture-software',
    key: 'fixture-key-software',
    cell: {
      ...record.cell,
      backend: 'ort-webgpu',
      workload: { ...record.cell.workload, depth: 64, batch: 4 },
    },
    device: {
      name: 'Invented Software Rasteriser',
      vendor: 'nobody',
      kind: 'software',
      details: {},
    },
    flags: [
      softwareFlag,
      {
        code: 'memory-unknown',
        field: 'memory.activationBytes',
        message: 'ort-webgpu in node does not show the bytes of activations.',
      },
      {
        code: 'no-interval',
        field: null,
        message: 'One launch gives no interval: its repetitions share what made it fast or slow.',
        hint: 'Use --launches 6.',
      },
      {
        code: 'p99-withheld',
        field: 'decode.tpotMs.p99',
        message: 'p99 needs at least 299 decode steps over all launches.',
      },
      {
        code: 'no-run-ahead',
        field: 'decode.runAhead',
        message: 'ort-webgpu waits for every token before it starts the next step.',
      },
      { code: 'roofline-unknown', field: 'roofline', message: 'Peaks were not measured.' },
      {
        code: 'energy-unknown',
        field: 'energy',
        message: 'The system shows no energy counter of its processors.',
      },
    ],
    roofline: null,
    energy: null,
    launches: record.launches.slice(0, 1),
    prefill: { tokensPerSecond: single(40.96), ttftMs: single(12_500) },
    protocol: null,
    diagnostics: null,
    decode: {
      tokensPerSecond: single(1.25),
      tpotMs: { p50: 800, p95: 900, p99: null },
      runAhead: null,
    },
    memory: { ...record.memory, activationBytes: null },
    cost: {
      usdPerHour: 2.95,
      view: 'split',
      inputUsdPerMtok: single(20),
      outputUsdPerMtok: single(655.6),
      price: { gpu: 'H100', source: 'An invented price list', date: '2026-01-01', standIn: true },
    },
    ...changes,
  };
}

/** A cell that could not run. */
export function unsupportedRecord(changes: Partial<BenchRecord> = {}): BenchRecord {
  const record = gpuRecord();
  return {
    ...record,
    id: 'fixture-unsupported',
    key: 'fixture-key-unsupported',
    cell: { ...record.cell, backend: 'ort-cuda' },
    device: null,
    outcome: {
      status: 'unsupported',
      code: 'unsupported',
      message: 'ONNX Runtime has no CUDA provider on this machine.',
      hint: 'See mtok doctor.',
    },
    flags: [
      {
        code: 'not-measured',
        field: null,
        message: 'The cell did not finish; its figures are unknown.',
      },
    ],
    launches: [],
    prefill: null,
    decode: null,
    load: null,
    memory: noMemory,
    cost: null,
    roofline: null,
    energy: null,
    protocol: null,
    diagnostics: null,
    ...changes,
  };
}
