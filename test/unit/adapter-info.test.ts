import { describe, expect, it } from 'vitest';
import {
  type AdapterInfo,
  adapterName,
  isSoftwareAdapter,
  subgroupMatrixConfigs,
} from '../../src/gpu/adapter-info.ts';

const base: AdapterInfo = { vendor: '', architecture: '', device: '', description: '' };

/** As reported by Dawn in Node and by Chromium. */
const adapters = {
  h200: {
    vendor: 'nvidia',
    architecture: 'hopper',
    device: 'nvidia-h200',
    description: 'NVIDIA: 570.86.10 570.86.10.0',
  },
  rtxInChromium: {
    vendor: 'nvidia',
    architecture: 'lovelace',
    device: '0x2684',
    description: 'NVIDIA GeForce RTX 4090',
  },
  anonymous: { ...base, vendor: 'apple', architecture: 'metal-3' },
  lavapipe: {
    vendor: 'mesa',
    architecture: 'software',
    device: 'llvmpipe-llvm-15-0-6-256-bits-',
    description: 'llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1',
  },
  swiftShader: {
    vendor: 'google',
    architecture: 'swiftshader',
    device: '0xc0de',
    description: 'SwiftShader Device (Subzero)',
  },
  warp: { ...base, vendor: 'microsoft', description: 'Microsoft Basic Render Driver' },
} satisfies Record<string, AdapterInfo>;

describe('adapters', () => {
  it('are named by their product where they tell it', () => {
    expect(adapterName(adapters.h200)).toBe('nvidia h200');
    expect(adapterName(adapters.rtxInChromium)).toBe('NVIDIA GeForce RTX 4090');
    expect(adapterName(adapters.anonymous)).toBe('apple metal-3');
    expect(adapterName(adapters.lavapipe)).toContain('llvmpipe');
    expect(adapterName(base)).toBe('unknown adapter');
  });

  it.each(['lavapipe', 'swiftShader', 'warp'] as const)('%s is software', (name) => {
    expect(isSoftwareAdapter(adapters[name])).toBe(true);
  });

  it.each(['h200', 'rtxInChromium', 'anonymous'] as const)('%s is a GPU', (name) => {
    expect(isSoftwareAdapter(adapters[name])).toBe(false);
    expect(isSoftwareAdapter({ ...adapters[name], isFallbackAdapter: true })).toBe(true);
  });

  it('list their matrix shapes', () => {
    const config = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 8, K: 16 };
    expect(subgroupMatrixConfigs({ ...base, subgroupMatrixConfigs: [config] })).toEqual([
      'f16*f16->f32 16x8x16',
    ]);
    expect(subgroupMatrixConfigs(base)).toEqual([]);
  });
});
