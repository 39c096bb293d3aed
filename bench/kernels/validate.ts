import { invariant, toBenchError } from '../../src/core/errors.ts';
import type { KernelValidation, ValidationResult } from '../../src/core/kernel-record.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { OpenGpuOptions } from '../../src/gpu/open.ts';
import type { KernelCompiler } from '../../src/gpu/program.ts';
import type { KernelCase } from './case.ts';
import type { BindingExtent } from './case-buffers.ts';
import { missingFor } from './requirements.ts';
import { describeCase, makeBuffers, runCase } from './run-case.ts';

/** What a device is opened with to be validated on. */
export interface Configuration {
  readonly name: string;
  readonly options: Pick<OpenGpuOptions, 'features' | 'limits'>;
}

/** The devices that every kernel must be right on. */
export const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'all features', options: {} },
  { name: 'without shader-f16', options: { features: { without: ['shader-f16'] } } },
  { name: 'without subgroups', options: { features: { without: ['subgroups'] } } },
  { name: 'default limits', options: { limits: 'default' } },
];

/** The first and the last resort, for a quick look. */
export const QUICK_CONFIGURATIONS: readonly Configuration[] = [
  { name: 'all features', options: {} },
  {
    name: 'no optional feature, default limits',
    options: { features: 'none', limits: 'default' },
  },
];

/** A configuration with its device open. */
export interface OpenConfiguration {
  readonly name: string;
  readonly gpu: GpuDevice;
  readonly compiler: KernelCompiler;
}

/** Cases under way at once: the oracle of one is computed while a driver compiles another. */
const CONCURRENCY = 2;

/**
 * Runs every case on every configuration that can run it, twice: with bindings that end where the data ends,
 * as a decoder's do, and with bindings that reach past it, where a stray access shows. A wrong result is noted
 * and the rest goes on. Throws `device-lost`.
 */
export async function validateCases(
  cases: readonly KernelCase[],
  configurations: readonly OpenConfiguration[],
  onCase: (done: number, kernelCase: KernelCase) => void,
): Promise<ValidationResult[]> {
  const tallies = configurations.map(({ name }) => ({ name, kernels: new Map<string, Tally>() }));
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let kernelCase = cases[next++]; kernelCase; kernelCase = cases[next++]) {
      await validateCase(kernelCase, configurations, (index) =>
        tallyOf(tallies[index]?.kernels, kernelCase.kernel),
      );
      onCase(++done, kernelCase);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return tallies.map(({ name, kernels }) => ({
    configuration: name,
    kernels: [...kernels].map(([kernel, tally]) => resultOf(kernel, tally)),
  }));
}

/** What is known of one kernel on one configuration. */
interface Tally {
  cases: number;
  notRunnable: Map<string, number>;
  failures: KernelValidation['failures'];
  paths: Map<string, { cases: number; nmse: number }>;
}

async function validateCase(
  kernelCase: KernelCase,
  configurations: readonly OpenConfiguration[],
  tallyAt: (index: number) => Tally,
): Promise<void> {
  const missing = configurations.map(({ gpu }) => missingFor(kernelCase, gpu));
  missing.forEach((reason, i) => {
    if (reason === null) return;
    const { notRunnable } = tallyAt(i);
    notRunnable.set(reason, (notRunnable.get(reason) ?? 0) + 1);
  });
  if (missing.every((reason) => reason !== null)) return;
  const buffers = makeBuffers(kernelCase);
  await Promise.all(
    configurations.map(async ({ gpu, compiler }, i) => {
      if (missing[i] !== null) return;
      const tally = tallyAt(i);
      tally.cases++;
      for (const extent of ['past-end', 'exact'] as const) {
        try {
          const { nmse } = await runCase(gpu, compiler, kernelCase, extent, buffers);
          notePath(tally, kernelCase, extent, nmse);
        } catch (thrown) {
          const { code, message } = toBenchError(thrown);
          if (code === 'device-lost') throw thrown;
          tally.failures.push({ case: describeCase(kernelCase), bindings: extent, message });
        }
      }
    }),
  );
}

function notePath(tally: Tally, kernelCase: KernelCase, extent: BindingExtent, nmse: number) {
  const path = precisionPath(kernelCase);
  const known = tally.paths.get(path) ?? { cases: 0, nmse: 0 };
  // Both runs of a case count as one.
  known.cases += extent === 'exact' ? 1 : 0;
  known.nmse = Math.max(known.nmse, nmse);
  tally.paths.set(path, known);
}

/** What rounds on the way of a case: how it stores activations, and modules named after a number format. */
export function precisionPath({ steps }: KernelCase): string {
  const parts = steps.flatMap(({ instance: { elem, modules } }) => [
    `activations ${elem}`,
    ...Object.values(modules)
      .map(({ name }) => name)
      .filter((name) => /-(f32|f16|int8|int4)(-|$)/.test(name)),
  ]);
  return [...new Set(parts)].join(', ');
}

function tallyOf(kernels: Map<string, Tally> | undefined, kernel: string): Tally {
  invariant(kernels, 'a configuration without a tally');
  let tally = kernels.get(kernel);
  if (!tally) {
    tally = { cases: 0, notRunnable: new Map(), failures: [], paths: new Map() };
    kernels.set(kernel, tally);
  }
  return tally;
}

function resultOf(kernel: string, tally: Tally): KernelValidation {
  return {
    kernel,
    cases: tally.cases,
    notRunnable: [...tally.notRunnable].map(([reason, cases]) => ({ reason, cases })),
    failures: tally.failures,
    paths: [...tally.paths].map(([path, { cases, nmse }]) => ({ path, cases, nmse })),
  };
}
