import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { openGpuDevice, USEFUL_LIMITS } from '../../src/gpu/open.ts';
import { createDawn } from '../../src/hosts/node/dawn.ts';
import { openTestDevice } from '../support/gpu.ts';

const STORAGE = bufferUsage.STORAGE | bufferUsage.COPY_SRC | bufferUsage.COPY_DST;

let gpu: GpuDevice;
beforeEach(async () => {
  gpu = await openTestDevice();
});
afterEach(() => gpu.dispose());

const storage = (label: string, size: number) =>
  gpu.createBuffer({ kind: 'weights', label, size, usage: STORAGE });

describe('an opened device', () => {
  it('has the limits and the features of its adapter', async () => {
    const { gpu: api } = await createDawn({ safety: 'safe' });
    const adapter = await api.requestAdapter();
    if (!adapter) throw new Error('no adapter');
    const limitsOf = (limits: GPUSupportedLimits) =>
      USEFUL_LIMITS.map((name) => Reflect.get(limits, name) as number);
    expect(limitsOf(gpu.limits)).toEqual(limitsOf(adapter.limits));
    expect(gpu.hasF16).toBe(adapter.features.has('shader-f16'));
    expect(gpu.hasSubgroups).toBe(adapter.features.has('subgroups'));
    expect(gpu.hasTimestamps).toBe(adapter.features.has('timestamp-query'));
    if (gpu.hasSubgroups) {
      expect(gpu.subgroupMinSize).toBeGreaterThanOrEqual(4);
      expect(gpu.subgroupMaxSize).toBeGreaterThanOrEqual(gpu.subgroupMinSize);
    }
    expect(gpu.info.details).toMatchObject({ safety: 'safe' });
  });

  it('leaves out what it is told to', async () => {
    const fewer = await openTestDevice({ features: { without: ['shader-f16', 'subgroups'] } });
    expect([fewer.hasF16, fewer.hasSubgroups, fewer.subgroupMinSize]).toEqual([false, false, 0]);
    expect(fewer.hasTimestamps).toBe(gpu.hasTimestamps);
    await fewer.dispose();
  });

  it('has no optional feature and the default limits when asked for none', async () => {
    const plain = await openTestDevice({ features: 'none', limits: 'default' });
    expect(plain).toMatchObject({ hasF16: false, hasSubgroups: false, subgroupMaxSize: 0 });
    expect(plain.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
    expect(plain.limits.maxComputeWorkgroupStorageSize).toBe(16384);
    await plain.dispose();
  });

  it('says that a software adapter is one', () => {
    const isSoftware = /llvmpipe|swiftshader/i.test(gpu.info.name);
    expect(gpu.info.kind).toBe(isSoftware ? 'software' : 'gpu');
  });

  it('reports a WebGPU without adapters', async () => {
    const none = { requestAdapter: async () => null } as unknown as GPU;
    await expect(openGpuDevice(none)).rejects.toMatchObject({ code: 'no-adapter' });
    const refusing = {
      requestAdapter: async () => {
        throw new Error('no suitable backends found');
      },
    } as unknown as GPU;
    await expect(openGpuDevice(refusing)).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringContaining('no suitable backends'),
    });
  });
});

describe('buffers', () => {
  it('are counted exactly, by kind, with the staging of a read in the peak', async () => {
    const weights = storage('w', 10); // rounded up to 12
    gpu.createBuffer({ kind: 'kvCache', label: 'kv', size: 256, usage: STORAGE });
    gpu.device.queue.writeBuffer(weights, 0, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));
    expect(await gpu.read(weights, 4, 4)).toEqual(new Uint8Array([5, 6, 7, 8]));
    expect(gpu.ledger()).toEqual({
      current: { weights: 12, kvCache: 256, activations: 0, staging: 0 },
      peak: { weights: 12, kvCache: 256, activations: 0, staging: 4 },
      currentTotal: 268,
      peakTotal: 272,
    });
    gpu.destroyBuffer(weights);
    gpu.destroyBuffer(weights);
    gpu.resetPeak();
    expect(gpu.ledger()).toMatchObject({ currentTotal: 256, peakTotal: 256 });
  });

  it('are zero when new, and read in any order', async () => {
    const buffer = storage('zeros', 4096);
    const parts = await Promise.all([gpu.read(buffer, 0, 1024), gpu.read(buffer, 1024, 3072)]);
    for (const part of parts) expect(part.every((byte) => byte === 0)).toBe(true);
    expect(await gpu.read(buffer, 0, 0)).toEqual(new Uint8Array(0));
  });

  it('beyond the limit are refused by name before anything is allocated', () => {
    const size = gpu.limits.maxBufferSize + 4;
    expect(() => storage('layers.0.gate', size)).toThrow(
      expect.objectContaining({
        code: 'out-of-memory',
        message: expect.stringContaining('"layers.0.gate" (weights)'),
      }),
    );
    expect(gpu.ledger().peakTotal).toBe(0);
  });

  it('that the driver rejects are named by the next check', async () => {
    // MAP_READ and MAP_WRITE exclude each other.
    gpu.createBuffer({ kind: 'staging', label: 'two-faced', size: 4, usage: 3 });
    await expect(gpu.check('step 1', () => {})).rejects.toMatchObject({
      code: 'validation',
      message: expect.stringContaining('"two-faced"'),
    });
    await gpu.check('step 2', () => {}); // reported once
  });
});

describe('check', () => {
  it('names the work whose commands the GPU rejected', async () => {
    const buffer = storage('b', 16);
    const copyTooMuch = () => {
      const encoder = gpu.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 16);
      gpu.device.queue.submit([encoder.finish()]);
    };
    await expect(gpu.check('rmsnorm', copyTooMuch)).rejects.toMatchObject({
      code: 'validation',
      message: expect.stringMatching(/^rmsnorm: /),
      hint: expect.any(String),
    });
  });

  it('finds errors after the first await of its work too', async () => {
    const late = async () => {
      await gpu.device.queue.onSubmittedWorkDone();
      gpu.device.createBuffer({ size: 4, usage: 3 });
    };
    await expect(gpu.check('late work', late)).rejects.toMatchObject({
      code: 'validation',
      message: expect.stringMatching(/^late work: /),
    });
  });

  it('gives a kernel that does not compile the code compile, with line and column', async () => {
    const compile = async () => {
      const module = gpu.device.createShaderModule({
        label: 'broken',
        code: '@compute @workgroup_size(1)\nfn main() { missing(); }',
      });
      await gpu.device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    };
    await expect(gpu.check('broken', compile)).rejects.toMatchObject({
      code: 'compile',
      message: expect.stringMatching(/^broken: [\s\S]*:2:13/),
    });
  });

  it('passes results and errors of the work through', async () => {
    expect(await gpu.check('sum', async () => 1 + 1)).toBe(2);
    const failing = () => Promise.reject(new TypeError('mine'));
    await expect(gpu.check('x', failing)).rejects.toMatchObject({
      code: 'internal',
      message: 'x: mine',
    });
  });
});

describe('a device that is gone', () => {
  it('says so, in a read under way and in all that follows', async () => {
    const buffer = storage('b', 16);
    const reading = gpu.read(buffer, 0, 16);
    gpu.device.destroy();
    await expect(reading).rejects.toMatchObject({
      code: 'device-lost',
      message: expect.stringContaining('read b'),
    });
    expect(() => gpu.assertAlive()).toThrow(expect.objectContaining({ code: 'device-lost' }));
    expect(() => storage('c', 4)).toThrow(expect.objectContaining({ code: 'device-lost' }));
    await expect(gpu.check('x', () => {})).rejects.toMatchObject({ code: 'device-lost' });
  });

  it('can be disposed of twice, and leaves nothing on the ledger', async () => {
    storage('b', 1024);
    await gpu.dispose();
    await gpu.dispose();
    expect(gpu.ledger().currentTotal).toBe(0);
    expect(() => gpu.assertAlive()).toThrow(/already disposed/);
  });
});
