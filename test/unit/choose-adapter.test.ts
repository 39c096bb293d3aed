import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { type AdapterSurroundings, chooseAdapter } from '../../src/hosts/node/choose-adapter.ts';
import type { ProbedAdapter } from '../../src/hosts/tasks.ts';

function adapter(name: string, kind: 'gpu' | 'software', problem: string | null = null) {
  return { name, vendor: 'someone', kind, details: {}, problem } satisfies ProbedAdapter;
}

const h200 = adapter('NVIDIA H200', 'gpu');
const llvmpipe = adapter('llvmpipe (LLVM 15.0.6, 256 bits)', 'software');
const swiftShader = adapter('SwiftShader Device (Subzero)', 'software');
const LAVAPIPE = '/usr/share/vulkan/icd.d/lvp_icd.json';
const NVIDIA = '/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json';
const SWIFTSHADER = '/cache/swiftshader/vk_swiftshader_icd.json';
const swiftShaderEnv = {
  VK_DRIVER_FILES: SWIFTSHADER,
  VK_ICD_FILENAMES: SWIFTSHADER,
  LD_LIBRARY_PATH: '/cache/swiftshader',
};

/** A machine whose drivers give `installed`; SwiftShader works where `hasBundled`. */
function machine(
  installed: ProbedAdapter[],
  options: {
    drivers?: string[];
    stray?: string[];
    hasBundled?: boolean;
    hasLoader?: boolean;
    env?: NodeJS.ProcessEnv;
  } = {},
): AdapterSurroundings {
  const { drivers = [], stray = [], hasBundled = true, hasLoader = true, env = {} } = options;
  return {
    env,
    platform: 'linux',
    drivers: async () => drivers,
    strayDrivers: async () => stray,
    async probe(added) {
      if (!hasLoader && !added.LD_LIBRARY_PATH) return [];
      if (added.VK_DRIVER_FILES === SWIFTSHADER) return [swiftShader];
      if (added.VK_DRIVER_FILES === LAVAPIPE) return [llvmpipe];
      if (added.VK_DRIVER_FILES?.startsWith(NVIDIA)) return [h200, ...installed];
      return installed;
    },
    async swiftShader() {
      if (hasBundled) return { folder: '/cache/swiftshader', manifest: SWIFTSHADER };
      throw new BenchError('unsupported', 'only on Linux x64');
    },
  };
}

describe('chooseAdapter auto', () => {
  it('takes a GPU before a software driver, and names it where there are several', async () => {
    const choice = await chooseAdapter('auto', machine([llvmpipe, h200]));
    expect(choice).toEqual({
      id: 'gpu',
      label: 'NVIDIA H200',
      kind: 'gpu',
      env: { MTOK_ADAPTER: 'NVIDIA H200' },
    });
  });

  it('takes an installed software driver before the bundled one', async () => {
    const choice = await chooseAdapter('auto', machine([llvmpipe]));
    expect(choice).toMatchObject({ id: 'lavapipe', kind: 'software', env: {} });
  });

  it('falls back on the bundled SwiftShader on a bare machine', async () => {
    const choice = await chooseAdapter('auto', machine([]));
    expect(choice).toMatchObject({ id: 'swiftshader', env: swiftShaderEnv });
  });

  it('passes over a driver that is too old or takes the probe down', async () => {
    const old = adapter('llvmpipe (LLVM 11)', 'software', 'Vulkan 1.0 is not supported');
    expect(await chooseAdapter('auto', machine([old]))).toMatchObject({ id: 'swiftshader' });
    const crashing: AdapterSurroundings = {
      ...machine([]),
      async probe(env) {
        if (env.VK_DRIVER_FILES === SWIFTSHADER) return [swiftShader];
        throw new BenchError('crashed', 'The probe process was killed by SIGSEGV');
      },
    };
    expect(await chooseAdapter('auto', crashing)).toMatchObject({ id: 'swiftshader' });
  });

  it('lends its Vulkan loader to a machine that has drivers but none', async () => {
    const drivers = ['/usr/share/vulkan/icd.d/nvidia_icd.json'];
    const choice = await chooseAdapter('auto', machine([h200], { drivers, hasLoader: false }));
    expect(choice).toMatchObject({ id: 'gpu', env: { LD_LIBRARY_PATH: '/cache/swiftshader' } });
  });

  it('finds a GPU whose driver lies where no loader searches, beside a software one', async () => {
    const stray = [NVIDIA];
    const drivers = [LAVAPIPE];
    const list = `${NVIDIA}:${LAVAPIPE}`;
    const env = { VK_DRIVER_FILES: list, VK_ICD_FILENAMES: list };
    expect(await chooseAdapter('auto', machine([llvmpipe], { drivers, stray }))).toEqual({
      id: 'gpu',
      label: 'NVIDIA H200',
      kind: 'gpu',
      env: { ...env, MTOK_ADAPTER: 'NVIDIA H200' },
    });
    const choice = await chooseAdapter('auto', machine([], { stray, hasLoader: false }));
    expect(choice.env).toEqual({
      VK_DRIVER_FILES: NVIDIA,
      VK_ICD_FILENAMES: NVIDIA,
      LD_LIBRARY_PATH: '/cache/swiftshader',
    });
  });

  it('looks nowhere else when the user names the drivers', async () => {
    const env = { VK_DRIVER_FILES: LAVAPIPE };
    const choice = await chooseAdapter('auto', machine([llvmpipe], { env, stray: [NVIDIA] }));
    expect(choice).toMatchObject({ id: 'lavapipe', env: {} });
  });

  it('says what was found when nothing works', async () => {
    const broken = adapter('Old GPU', 'gpu', 'no Vulkan 1.1');
    await expect(
      chooseAdapter('auto', machine([broken], { hasBundled: false })),
    ).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringContaining('Old GPU (no Vulkan 1.1)'),
      hint: expect.stringContaining('doctor'),
    });
  });
});

describe('chooseAdapter by name', () => {
  it('gpu takes no software adapter', async () => {
    await expect(chooseAdapter('gpu', machine([llvmpipe]))).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringContaining('llvmpipe'),
    });
  });

  it('lavapipe and swiftshader are taken beside a GPU', async () => {
    const both = machine([h200], { drivers: [LAVAPIPE], env: { LD_LIBRARY_PATH: '/opt/lib' } });
    expect(await chooseAdapter('lavapipe', both)).toMatchObject({
      id: 'lavapipe',
      env: { VK_DRIVER_FILES: LAVAPIPE, VK_ICD_FILENAMES: LAVAPIPE },
    });
    expect(await chooseAdapter('swiftshader', both)).toMatchObject({
      env: { ...swiftShaderEnv, LD_LIBRARY_PATH: '/cache/swiftshader:/opt/lib' },
    });
  });

  it('lavapipe finds the driver that the environment names', async () => {
    const env = { VK_ICD_FILENAMES: LAVAPIPE };
    expect(await chooseAdapter('lavapipe', machine([llvmpipe], { env }))).toMatchObject({
      env: { VK_DRIVER_FILES: LAVAPIPE },
    });
  });

  it('lavapipe that is not installed says how to install it', async () => {
    await expect(chooseAdapter('lavapipe', machine([h200]))).rejects.toMatchObject({
      code: 'no-adapter',
      hint: expect.stringContaining('mesa-vulkan-drivers'),
    });
  });

  it('matches a part of a name in any case', async () => {
    const choice = await chooseAdapter('h200', machine([llvmpipe, h200]));
    expect(choice).toMatchObject({ id: 'NVIDIA H200', env: { MTOK_ADAPTER: 'NVIDIA H200' } });
    await expect(chooseAdapter('radeon', machine([h200]))).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringContaining('NVIDIA H200'),
    });
  });
});
