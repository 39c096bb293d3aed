import { afterAll, describe, expect, it } from 'vitest';
import type { KernelCase } from '../../bench/kernels/case.ts';
import type { BindingExtent } from '../../bench/kernels/case-buffers.ts';
import { kernelCases } from '../../bench/kernels/cases/index.ts';
import { coveringCases, exercisedBy } from '../../bench/kernels/cover.ts';
import { missingFor } from '../../bench/kernels/requirements.ts';
import { runCase } from '../../bench/kernels/run-case.ts';
import { kernels } from '../../kernels/index.ts';
import { KernelCompiler } from '../../src/gpu/program.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { openTestDevice } from '../support/gpu.ts';

type Options = NonNullable<Parameters<typeof openTestDevice>[0]>;
type Configuration = Awaited<ReturnType<typeof configuration>>;

async function configuration(name: string, options: Options, extent: BindingExtent) {
  const gpu = await openTestDevice(options);
  const runnable = kernelCases.filter((kernelCase) => missingFor(kernelCase, gpu) === null);
  return { name, gpu, extent, runnable, compiler: new KernelCompiler(gpu, nodeHost) };
}

/** A driver compiles the kernels of one device one after another; two devices keep two cores busy. */
const full = [
  await configuration('every feature', {}, 'past-end'),
  await configuration('every feature', {}, 'past-end'),
] as const;

/** Cases that differ only in what they are run on share a pipeline, so they share a device. */
const pipelines = [...new Set(kernelCases.map(pipelineOf))];
function pipelineOf({ kernel, steps }: KernelCase): string {
  return JSON.stringify([
    kernel,
    steps.map(({ instance: { dims, tunables } }) => [dims, tunables]),
  ]);
}
const isOdd = (kernelCase: KernelCase) => pipelines.indexOf(pipelineOf(kernelCase)) % 2 === 1;

/** Compiling takes nearly all the time, so these meet every kernel and module, but not every case. */
const others = [
  await configuration(
    'no optional feature and default limits',
    { features: 'none', limits: 'default' },
    'past-end',
  ),
  await configuration('no validation and no bounds checks', { safety: 'native' }, 'exact'),
];

/** What an adapter cannot run is skipped by name, with the reason. */
async function run(of: Configuration, kernelCase: KernelCase, skip: (reason: string) => void) {
  const missing = missingFor(kernelCase, of.gpu);
  if (missing) skip(missing);
  const { nmse } = await runCase(of.gpu, of.compiler, kernelCase, of.extent);
  expect(nmse).toBeLessThan(1e-6);
}

describe(`kernels with ${full[0].name}`, () => {
  it.concurrent.for(kernelCases)('$kernel: $name', (kernelCase, { skip }) =>
    run(full[isOdd(kernelCase) ? 1 : 0], kernelCase, skip),
  );
});

describe.each(others)('kernels with $name', (of) => {
  it.concurrent.for(coveringCases(of.runnable))('$kernel: $name', (kernelCase, { skip }) =>
    run(of, kernelCase, skip),
  );

  it('meets every kernel that needs nothing more', () => {
    const met = new Set(coveringCases(of.runnable).flatMap(exercisedBy));
    for (const { name, needs = [] } of kernels) if (needs.length === 0) expect(met).toContain(name);
  });
});

afterAll(async () => {
  for (const { gpu } of [...full, ...others]) await gpu.dispose();
});
