/** Sizes by name, e.g. { rows: 4, dim: 64 }. Each becomes `const ROWS: u32` … in the kernel's text. */
export type Dims = Readonly<Record<string, number>>;

export type Access = 'read' | 'read_write' | 'uniform';

/** One `@binding`. Its number is its place in the list of the kernel's and then its modules' bindings. */
export interface Binding {
  readonly access: Access;
  /** WGSL type: an element type for storage (`vec4<elem>`), the whole type for uniforms (`State`). */
  readonly type: string;
  /** The layout in words, row-major: `[rows, dim]`. For people and for kernels/README.md. */
  readonly shape: string;
}

/** A storage buffer that the kernel only reads. */
export const read = (type: string, shape: string): Binding => ({ access: 'read', type, shape });
/** A storage buffer that the kernel writes, or updates in place. */
export const write = (type: string, shape: string): Binding => ({
  access: 'read_write',
  type,
  shape,
});
/** The run state: see `STATE_WGSL` in preamble.ts. */
export const uniformState = (): Binding => ({
  access: 'uniform',
  type: 'State',
  shape: 'position, seq, step, seed',
});

/** Workgroups along x before a long grid goes on along y: below every adapter's 65 535 a dimension. */
export const FOLD = 32768;

/** A one-dimensional grid of `count` workgroups; the kernel's index is `id.y * FOLD + id.x`, past the end idle. */
export function folded(count: number): readonly [number, number, number] {
  return count <= FOLD ? [count, 1, 1] : [FOLD, Math.ceil(count / FOLD), 1];
}

/** WebGPU features that a text may need: the standard's, and Chromium's experimental ones. */
export type FeatureName = GPUFeatureName | 'chromium-experimental-subgroup-matrix';

/** WGSL text that several kernels include, with the bindings it reads or writes. */
export interface ShaderModule {
  readonly name: string;
  readonly source: URL;
  readonly binds: Readonly<Record<string, Binding>>;
  /** WebGPU features without which the text does not compile. */
  readonly needs?: readonly FeatureName[];
}

/**
 * The one declaration of a kernel: compiling, binding, testing, benchmarking and documentation follow from it.
 */
export interface KernelSpec {
  /** Also the file's stem, the GPU label and the row's name in a benchmark. */
  readonly name: string;
  readonly source: URL;
  /** Names of the module slots the body calls into: `weights`, `out`, `kv`, `reduce`. */
  readonly slots: readonly string[];
  /** Dims the body needs as constants. */
  readonly dims: readonly string[];
  /** Numbers that change speed, never the result beyond rounding, with defaults that suit any adapter. */
  readonly tunables: Readonly<Record<string, number>>;
  /** What a tuner tries of each tunable: every combination of the lists, less what `fits` refuses. */
  readonly space?: Readonly<Record<string, readonly number[]>>;
  /** Whether tunables are possible at these sizes on a device with these limits. */
  fits?(tunables: Dims, dims: Dims, limits: GPUSupportedLimits): boolean;
  readonly binds: Readonly<Record<string, Binding>>;
  /** Threads of a workgroup. */
  workgroup(tunables: Dims, dims: Dims): number;
  /** Workgroups for a call; `dims` holds the constants and what varies from call to call (`rows`, `seq`). */
  grid(dims: Dims, tunables: Dims): readonly [number, number, number];
  readonly needs?: readonly FeatureName[];
}

/** Checks a declaration's names once, where it is written. */
export function defineKernel(spec: KernelSpec): KernelSpec {
  for (const name of [...spec.dims, ...Object.keys(spec.tunables)]) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw new Error(`${spec.name}: bad name "${name}"`);
  }
  return spec;
}

/** A kernel with every choice made: what a pipeline is compiled from. */
export interface KernelInstance {
  readonly spec: KernelSpec;
  readonly dims: Dims;
  readonly tunables: Dims;
  readonly modules: Readonly<Record<string, ShaderModule>>;
  /** Storage type of activations. */
  readonly elem: 'f32' | 'f16';
}

/** Fills in default tunables; throws when a dim or a slot is missing. */
export function instantiate(
  spec: KernelSpec,
  choice: {
    dims: Dims;
    tunables?: Dims;
    modules?: Record<string, ShaderModule>;
    elem?: 'f32' | 'f16';
  },
): KernelInstance {
  const modules = choice.modules ?? {};
  for (const name of spec.dims) {
    const value = choice.dims[name];
    if (value === undefined || !Number.isInteger(value) || value < 0) {
      throw new Error(`${spec.name}: dim "${name}" is ${value}`);
    }
  }
  for (const slot of spec.slots) {
    if (!modules[slot]) throw new Error(`${spec.name}: no module for slot "${slot}"`);
  }
  return {
    spec,
    dims: choice.dims,
    tunables: { ...spec.tunables, ...choice.tunables },
    modules,
    elem: choice.elem ?? 'f32',
  };
}

/** All bindings in binding order: the kernel's own, then those of its modules by slot. */
export function bindingsOf(instance: KernelInstance): [string, Binding][] {
  const list = Object.entries(instance.spec.binds);
  for (const slot of instance.spec.slots) {
    list.push(...Object.entries(instance.modules[slot]?.binds ?? {}));
  }
  return list;
}
