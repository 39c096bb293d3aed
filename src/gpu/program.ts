import { BenchError, invariant } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { GpuDevice } from './device.ts';
import { bindingsOf, type Dims, type KernelInstance } from './kernel.ts';
import { assemble } from './preamble.ts';

/** A slice of a buffer; the whole of it without `offset` and `size`. */
export interface Slice {
  buffer: GPUBuffer;
  offset?: number;
  size?: number;
}

/** A compiled kernel bound to its buffers: all that is left to choose is the number of workgroups. */
export interface BoundKernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly instance: KernelInstance;
  /** What it is for where it was bound: `qkv`, `attention`, …; for profiles. */
  readonly role?: string;
}

/** One dispatch of a step. */
export interface Dispatch {
  kernel: BoundKernel;
  grid: readonly [number, number, number];
}

interface Compiled {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/** Compiles kernels once per final text and binds them to buffers. */
export class KernelCompiler {
  readonly #gpu: GpuDevice;
  readonly #host: Host;
  readonly #pipelines = new Map<string, Promise<Compiled>>();

  constructor(gpu: GpuDevice, host: Host) {
    this.#gpu = gpu;
    this.#host = host;
  }

  /** `buffers` by binding name. Throws `compile` with file and line of the kernel's source. */
  async bind(instance: KernelInstance, buffers: Record<string, Slice>): Promise<BoundKernel> {
    const { pipeline, layout } = await this.#compile(instance);
    const name = instance.spec.name;
    const entries = bindingsOf(instance).map(([binding, { access }], index): GPUBindGroupEntry => {
      const slice = buffers[binding];
      invariant(slice, `${name} has no buffer for "${binding}"`);
      const size = slice.size ?? slice.buffer.size - (slice.offset ?? 0);
      const limit = this.#gpu.limits.maxStorageBufferBindingSize;
      if (access !== 'uniform' && size > limit) {
        throw new BenchError(
          'unsupported',
          `Kernel ${name}: buffer "${slice.buffer.label}" binds ${size} bytes, the adapter allows ${limit}.`,
          { hint: 'Use a shorter context, a smaller batch or an adapter with larger limits.' },
        );
      }
      return { binding: index, resource: slice };
    });
    const group = await this.#gpu.check(`Binding kernel ${name}`, () =>
      this.#gpu.device.createBindGroup({ label: name, layout, entries }),
    );
    return { name, pipeline, group, instance };
  }

  async #compile(instance: KernelInstance): Promise<Compiled> {
    const text = await assemble(instance, this.#host);
    let compiled = this.#pipelines.get(text.code);
    if (!compiled) {
      compiled = this.#build(instance, text);
      this.#pipelines.set(text.code, compiled);
    }
    return compiled;
  }

  async #build(
    instance: KernelInstance,
    text: { code: string; locate(line: number): string },
  ): Promise<Compiled> {
    const { device } = this.#gpu;
    const name = instance.spec.name;
    const layout = device.createBindGroupLayout({
      label: name,
      entries: bindingsOf(instance).map(([, { access }], binding) => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type: bufferType(access) },
      })),
    });
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: name, code: text.code });
    const errors = (await module.getCompilationInfo()).messages.filter((m) => m.type === 'error');
    const scoped = await device.popErrorScope();
    const first = errors[0];
    if (first || scoped) {
      const where = first
        ? `${text.locate(first.lineNum)}:${first.linePos}: ${first.message}`
        : scoped?.message;
      throw new BenchError('compile', `Kernel ${name} does not compile: ${where}`);
    }
    try {
      const pipeline = await device.createComputePipelineAsync({
        label: name,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
      return { pipeline, layout };
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new BenchError('compile', `Kernel ${name}: no pipeline: ${message}`, { cause });
    }
  }
}

function bufferType(access: string): GPUBufferBindingType {
  if (access === 'uniform') return 'uniform';
  return access === 'read' ? 'read-only-storage' : 'storage';
}

/** The dispatch of a bound kernel for a call's sizes; `call` adds what is not constant (`rows`, `seq`). */
export function dispatchOf(kernel: BoundKernel, call: Dims, limits: GPUSupportedLimits): Dispatch {
  const { spec, dims, tunables } = kernel.instance;
  const grid = spec.grid({ ...dims, ...call }, tunables);
  const most = limits.maxComputeWorkgroupsPerDimension;
  invariant(
    grid.every((n) => n >= 1 && n <= most),
    `${kernel.name}: grid ${grid.join('×')} outside 1…${most}`,
  );
  return { kernel, grid };
}

/** Records dispatches into one compute pass. */
export function encodePass(encoder: GPUCommandEncoder, dispatches: readonly Dispatch[]): void {
  const pass = encoder.beginComputePass();
  for (const { kernel, grid } of dispatches) {
    pass.setPipeline(kernel.pipeline);
    pass.setBindGroup(0, kernel.group);
    pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
  }
  pass.end();
}
