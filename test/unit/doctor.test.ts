import { describe, expect, it } from 'vitest';
import { adviceFor } from '../../src/cli/doctor-advice.ts';
import type { DoctorFacts } from '../../src/cli/doctor-facts.ts';
import { doctorText } from '../../src/cli/doctor-text.ts';
import { parseAdapterList } from '../../src/hosts/node/probe.ts';

const MIB = 2 ** 20;
const software: DoctorFacts['adapters'][number] = {
  name: 'llvmpipe (LLVM 15.0.6, 256 bits)',
  vendor: 'mesa',
  kind: 'software',
  origin: 'installed',
  problem: null,
  tuned: { origin: 'none', operations: 0, problem: null },
  details: {
    driver: 'llvmpipe: Mesa 25.0.7',
    features: 'shader-f16 subgroups timestamp-query',
    subgroupMinSize: 8,
    subgroupMaxSize: 8,
    subgroupMatrixConfigs: '',
    maxBufferSize: 4096 * MIB,
    maxStorageBufferBindingSize: 128 * MIB,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupStorageSize: 32768,
  },
};
const gpu: DoctorFacts['adapters'][number] = {
  ...software,
  name: 'NVIDIA H200',
  vendor: 'nvidia',
  kind: 'gpu',
  details: {
    ...software.details,
    features: 'shader-f16 subgroups chromium-experimental-subgroup-matrix',
    subgroupMatrixConfigs: Array(12).fill('f16*f16->f32 16x16x16').join('; '),
  },
};

function machine(change: Partial<DoctorFacts> = {}): DoctorFacts {
  return {
    versions: { mtok: '0.1.0', node: '20.20.2' },
    machine: { os: 'linux 6.1 x64', cpu: 'AMD EPYC', cores: 2, memoryBytes: 24 * 2 ** 30 },
    chosen: { found: { id: 'gpu', name: gpu.name, kind: 'gpu' } },
    adapters: [gpu],
    providers: { found: [{ name: 'cpu', bundled: true }] },
    llamaCpp: { problem: 'node-llama-cpp is not installed' },
    browser: { found: { path: '/usr/bin/chromium', source: 'system', version: 'Chromium 147' } },
    nvidia: { problem: 'nvidia-smi is not installed' },
    cacheDir: '/home/me/.cache/mtok',
    bundle: null,
    ...change,
  };
}

/** Nothing there, and nothing that could be installed by itself. */
const bare = machine({
  chosen: { problem: 'No adapter that WebGPU can use; found: none' },
  adapters: [],
  providers: { problem: 'libonnxruntime.so: cannot open' },
  browser: { problem: 'No Chrome or Chromium was found', hint: 'Install one.' },
});

describe('doctor', () => {
  it('is at most 100 columns wide, whatever it found', () => {
    for (const facts of [machine(), machine({ adapters: [software, gpu] }), bare]) {
      for (const line of doctorText(facts)) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  it('says where tuned kernels come from, and why some are not used', () => {
    const line = (tuned: typeof gpu.tuned) =>
      doctorText(machine({ adapters: [{ ...gpu, tuned }] })).find((text) =>
        text.includes('tuned '),
      );
    expect(line(gpu.tuned)).toContain('none; see mtok tune');
    expect(line({ origin: 'cache', operations: 1, problem: null })).toContain(
      '1 operation (cache table)',
    );
    const problem = '/cache/a.json: the kernels have changed since it was made';
    expect(line({ origin: 'none', operations: 0, problem })).toContain('kernels have changed');
  });

  it('marks software adapters, and only them', () => {
    const lines = doctorText(machine({ adapters: [software, gpu] }));
    expect(lines.find((line) => line.includes('llvmpipe (LLVM'))).toContain('[software');
    expect(lines.find((line) => line.includes('NVIDIA H200 (nvidia'))).not.toContain('software');
  });

  it('has no advice for a machine that lacks nothing', () => {
    expect(adviceFor(machine())).toEqual([]);
    expect(doctorText(machine()).join('\n')).toContain('Nothing is missing.');
  });

  it('says what to do about each thing missing', () => {
    const advice = adviceFor(bare).join('\n');
    expect(advice).toMatch(/No GPU was found/);
    expect(advice).toMatch(/mesa-vulkan-drivers/);
    expect(advice).toMatch(/npm ci/);
    expect(advice).toMatch(/--host chromium: Install one/);
  });

  it('knows a GPU that only Vulkan does not see, and CUDA files that are not there', () => {
    const advice = adviceFor(
      machine({
        adapters: [software],
        nvidia: { found: ['NVIDIA H200, 570.86, 143771 MiB'] },
        providers: { found: [{ name: 'cuda', bundled: false }] },
      }),
    ).join('\n');
    expect(advice).toMatch(/NVIDIA_DRIVER_CAPABILITIES/);
    expect(advice).toMatch(/ort-cuda.*onnxruntime-node-install=cuda12/);
  });

  it('shows what a bundle is made of, and when it is damaged', () => {
    const bundle = {
      commit: 'abc123',
      needs: { GLIBC: '2.34' },
      files: 750,
      damaged: [],
      parts: ['llama-cpp 3.0.0'],
    };
    const whole = doctorText(machine({ bundle })).join('\n');
    expect(whole).toMatch(
      /Offline bundle\n.*abc123, with llama-cpp 3\.0\.0\n.*GLIBC 2\.34\n.*all 750/,
    );
    expect(adviceFor(machine({ bundle }))).toEqual([]);
    const damaged = machine({ bundle: { ...bundle, damaged: ['bin/node'] } });
    expect(doctorText(damaged).join('\n')).toContain('damaged: bin/node');
    expect(adviceFor(damaged).join('\n')).toContain('unpack it again');
    expect(doctorText(machine()).join('\n')).not.toContain('Offline bundle');
  });

  it('points at drivers that cannot be used', () => {
    const old = { ...gpu, problem: 'Vulkan 1.0' };
    expect(adviceFor(machine({ adapters: [old, software] })).join('\n')).toContain(
      'NVIDIA H200 cannot be used',
    );
    expect(doctorText(machine({ adapters: [old] })).join('\n')).toContain('Vulkan 1.0');
  });
});

describe('parseAdapterList', () => {
  it('reads the names from what Dawn says when an adapter is not there', () => {
    const message = `Error: no suitable backends found
Available adapters:
 * backend: 'vulkan', name: 'NVIDIA H200'
 * backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)'
 * backend: 'opengl', name: 'NVIDIA H200'
 * backend: 'null', name: 'Null backend'`;
    expect(parseAdapterList(message)).toEqual(['NVIDIA H200', 'llvmpipe (LLVM 15.0.6, 256 bits)']);
    expect(parseAdapterList('Error: something else')).toEqual([]);
  });
});
