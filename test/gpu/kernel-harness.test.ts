import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseStep, KernelCase } from '../../bench/kernels/case.ts';
import { kernelCases } from '../../bench/kernels/cases/index.ts';
import { matvecCase } from '../../bench/kernels/cases/matvec.ts';
import { coveringCases } from '../../bench/kernels/cover.ts';
import { missingFor } from '../../bench/kernels/requirements.ts';
import { runCase } from '../../bench/kernels/run-case.ts';
import { timeCase } from '../../bench/kernels/time-case.ts';
import { encode, floatsOut, normals } from '../../bench/kernels/values.ts';
import { kernels } from '../../kernels/index.ts';
import type { Host } from '../../src/core/host.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { bindingsOf, defineKernel, instantiate, read, write } from '../../src/gpu/kernel.ts';
import { KernelCompiler } from '../../src/gpu/program.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { openTestDevice } from '../support/gpu.ts';

/** Reads kernels from disk, and those that a test makes up from their URL. */
const host: Host = {
  ...nodeHost,
  readText: async (url) =>
    url.protocol === 'data:' ? decodeURIComponent(url.pathname.slice(1)) : nodeHost.readText(url),
};

/** y[i] = 2·x[i] for 10 values, and two values behind them that are not the kernel's. */
function doubling(body: string): KernelCase {
  const source = `@compute @workgroup_size(WG) fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    ${body}
  }`;
  const spec = defineKernel({
    name: 'doubling',
    source: new URL(`data:,${encodeURIComponent(source)}`),
    slots: [],
    dims: ['n'],
    tunables: { wg: 16 },
    binds: { x: read('f32', '[N]'), y: write('f32', '[N + 2]') },
    workgroup: ({ wg = 16 }) => wg,
    grid: () => [1, 1, 1],
  });
  return {
    kernel: 'doubling',
    name: 'ten',
    seed: 5,
    steps: [{ instance: instantiate(spec, { dims: { n: 10 } }), call: {} }],
    bytes: 80,
    flops: 10,
    make: (rng) => {
      const x = normals(rng, 10);
      const wanted = Float64Array.from([...x.map((v) => 2 * v), Number.NaN, Number.NaN]);
      return { x: { bytes: encode(x, 'f32') }, y: floatsOut('f32', wanted) };
    },
  };
}

let gpu: GpuDevice;
let compiler: KernelCompiler;
beforeAll(async () => {
  gpu = await openTestDevice();
  compiler = new KernelCompiler(gpu, host);
});
afterAll(() => gpu.dispose());

describe('a case of a wrong kernel fails', () => {
  const right = 'if (i < N) { y[i] = 2.0 * x[i]; }';
  const failure = (body: string) => runCase(gpu, compiler, doubling(body));

  it('and that of the right one passes', async () => {
    expect((await failure(right)).nmse).toBe(0);
  });

  it.each([
    [
      'is off by a ten-thousandth',
      'if (i < N) { y[i] = 2.0002 * x[i]; }',
      /of 12 wrong, NMSE 1\.00e-8/,
    ],
    ['is off in one element', `${right} if (i == 7u) { y[i] *= 1.001; }`, /y \[7\] is .* wanted/],
    ['misses an element', 'if (i < N - 1u) { y[i] = 2.0 * x[i]; }', /y \[9\] .*not written\?/],
    ['makes a NaN', `${right} if (i == 2u) { y[i] = sqrt(x[i] - 100.0); }`, /y \[2\] is NaN/],
    ['writes between', `${right} if (i == 11u) { y[i] = 0.0; }`, /y \[11\] was overwritten with 0/],
    [
      'writes just past the end',
      `${right} if (i == 12u) { y[i] = 1.0; }`,
      /y byte \d past the end/,
    ],
    ['writes far away', `${right} if (i == 0u) { y[i + 900u] = 1.0; }`, /past the end/],
    ['reads past the end', `${right} if (i == 0u) { y[i] += x[i + N]; }`, /y \[0\] is NaN/],
  ])('because it %s', async (_, body, message) => {
    await expect(failure(body)).rejects.toThrow(message);
    await expect(failure(body)).rejects.toMatchObject({ code: 'quality' });
  });

  it('naming kernel, shape and seed', async () => {
    await expect(failure('y[i % N] = 0.0;')).rejects.toThrow(
      'doubling (ten, seed 5): y [0] is 0, ',
    );
  });

  it('also when only a tunable is wrong: sums over lanes that nobody adds up', async () => {
    const shape = { weights: 'int4', rows: 1, k: 172, n: 67, wg: 64, lanes: 8 } as const;
    await runCase(gpu, compiler, matvecCase(shape));
    const wrong = runCase(gpu, compiler, matvecCase({ ...shape, reduce: 'none' }));
    await expect(wrong).rejects.toThrow(/matvec .* y \[0\] is /);
  });

  it('and one whose reference proves nothing is refused', async () => {
    const zeros: KernelCase = {
      ...doubling(right),
      make: () => ({
        x: { bytes: encode(new Float32Array(10), 'f32') },
        y: floatsOut('f32', new Float64Array(12)),
      }),
    };
    await expect(runCase(gpu, compiler, zeros)).rejects.toThrow('zeros would pass');
    const silent: KernelCase = { ...doubling(right), make: () => ({}) };
    await expect(runCase(gpu, compiler, silent)).rejects.toThrow('does not say what y must hold');
  });
});

/** A bit of every f32, every f16, every int4 and int8 code pair, every index. */
const FLIP = 0x00400040;

/** Names of what the kernel under test only reads, less what a step before it writes. */
function inputsOf({ kernel, steps }: KernelCase): string[] {
  const bound = (step: CaseStep, isWanted: (access: string) => boolean) =>
    bindingsOf(step.instance)
      .filter(([, { access }]) => isWanted(access))
      .map(([name]) => ({ name, buffer: step.rename?.[name] ?? name }));
  const written = new Set(
    steps.flatMap((step) => bound(step, (access) => access === 'read_write')).map((b) => b.buffer),
  );
  return steps
    .filter(({ instance }) => instance.spec.name === kernel)
    .flatMap((step) => bound(step, (access) => access !== 'read_write'))
    .filter(({ buffer }) => !written.has(buffer))
    .map(({ name }) => name);
}

/** The case with bits of one input flipped and the results as they were. */
function corrupted(kernelCase: KernelCase, input: string): KernelCase {
  const names = kernelCase.steps.map(({ rename = {} }) => rename[input] ?? input);
  return {
    ...kernelCase,
    make: (rng) => {
      const flip = new Uint8Array(Uint32Array.of(FLIP).buffer);
      const entries = Object.entries(kernelCase.make(rng)).map(([name, buffer]) => {
        if (!names.includes(name)) return [name, buffer] as const;
        return [
          name,
          { ...buffer, bytes: buffer.bytes.map((v, i) => v ^ (flip[i % 4] ?? 0)) },
        ] as const;
      });
      return Object.fromEntries(entries);
    },
  };
}

/** One workgroup less along the longest side of the grid; null where there is only one. */
function shortened(kernelCase: KernelCase): KernelCase | null {
  const [step] = kernelCase.steps;
  if (!step || kernelCase.steps.length > 1) return null;
  const { instance, call } = step;
  const grid = [...instance.spec.grid({ ...instance.dims, ...call }, instance.tunables)];
  const longest = grid.indexOf(Math.max(...grid));
  if ((grid[longest] ?? 1) < 2) return null;
  grid[longest] = (grid[longest] ?? 1) - 1;
  const [x = 1, y = 1, z = 1] = grid;
  const spec = { ...instance.spec, grid: () => [x, y, z] as const };
  return { ...kernelCase, steps: [{ ...step, instance: { ...instance, spec } }] };
}

async function fails(kernelCase: KernelCase): Promise<boolean> {
  return runCase(gpu, compiler, kernelCase).then(
    () => false,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'quality' });
      return true;
    },
  );
}

describe.each(kernels)('the cases of $name', ({ name }) => {
  const own = () => kernelCases.filter((c) => c.kernel === name && missingFor(c, gpu) === null);

  it('notice a change in any input', async () => {
    for (const input of new Set(own().flatMap(inputsOf))) {
      let isNoticed = false;
      for (const kernelCase of own().filter((c) => inputsOf(c).includes(input))) {
        isNoticed ||= await fails(corrupted(kernelCase, input));
      }
      expect(isNoticed, `whether ${name} reads ${input}`).toBe(true);
    }
  });

  it('notice a missing workgroup', async () => {
    for (const kernelCase of coveringCases(own()).map(shortened)) {
      if (kernelCase) expect(await fails(kernelCase), kernelCase.name).toBe(true);
    }
  });
});

it('times a case by its bytes and operations', async () => {
  const kernelCase = matvecCase({ weights: 'int4', rows: 1, k: 256, n: 512, out: 'logits' });
  const options = { samples: 3, sampleMs: 5, coldBytes: 1 << 20 };
  const cold = await timeCase(gpu, host, compiler, kernelCase, { cache: 'cold', ...options });
  const warm = await timeCase(gpu, host, compiler, kernelCase, { cache: 'warm', ...options });
  expect(warm.copies).toBe(1);
  expect(cold.copies).toBeGreaterThan(1);
  for (const { ms, samplesMs, gbPerSecond, gflopPerSecond } of [cold, warm]) {
    expect(samplesMs).toHaveLength(3);
    expect(ms).toBeGreaterThan(0);
    expect(gbPerSecond * ms * 1e6).toBeCloseTo(kernelCase.bytes, 3);
    expect(gflopPerSecond * ms * 1e6).toBeCloseTo(2 * 256 * 512, 3);
  }
});
