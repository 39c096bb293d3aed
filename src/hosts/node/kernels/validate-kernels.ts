import type { KernelCase } from '../../../../bench/kernels/case.ts';
import { kernelCases } from '../../../../bench/kernels/cases/index.ts';
import { coveringCases } from '../../../../bench/kernels/cover.ts';
import { matchesFilter } from '../../../../bench/kernels/model-shapes.ts';
import { missingFor } from '../../../../bench/kernels/requirements.ts';
import {
  CONFIGURATIONS,
  type OpenConfiguration,
  QUICK_CONFIGURATIONS,
  validateCases,
} from '../../../../bench/kernels/validate.ts';
import { invariant } from '../../../core/errors.ts';
import { openGpuDevice } from '../../../gpu/open.ts';
import { KernelCompiler } from '../../../gpu/program.ts';
import type {
  KernelsTaskMessage,
  KernelsTaskResult,
  ValidateKernelsInput,
} from '../../kernels-task.ts';
import { createDawn } from '../dawn.ts';
import { nodeHost } from '../host.ts';

/**
 * Holds every case of the kernels asked for against the oracle, on devices opened with and without optional
 * features, all of one adapter, with the toggles that the kernels are timed with.
 */
export async function validateKernels(
  { isQuick, filter }: ValidateKernelsInput,
  send: (message: KernelsTaskMessage) => void,
): Promise<KernelsTaskResult> {
  const dawn = await createDawn();
  const open: OpenConfiguration[] = [];
  try {
    for (const { name, options } of isQuick ? QUICK_CONFIGURATIONS : CONFIGURATIONS) {
      const gpu = await openGpuDevice(dawn.gpu, { ...options, details: dawn.details });
      open.push({ name, gpu, compiler: new KernelCompiler(gpu, nodeHost) });
    }
    const [first] = open;
    invariant(first, 'no configuration to validate on');
    const cases = chosenCases(filter, isQuick, open);
    const results = await validateCases(cases, open, (done, { kernel, name }) => {
      send({ type: 'case', done, total: cases.length, name: `${kernel}: ${name}` });
    });
    results.forEach((result, i) => {
      send({ type: 'validated', device: (open[i] ?? first).gpu.info, result });
    });
    return { device: first.gpu.info };
  } finally {
    for (const { gpu } of open) await gpu.dispose();
    dawn.dispose();
  }
}

/** A filter that names no kernel leaves all of them: it was meant for the shapes that are timed. */
function chosenCases(
  filter: readonly string[],
  isQuick: boolean,
  open: readonly OpenConfiguration[],
): readonly KernelCase[] {
  const named = kernelCases.filter(({ kernel }) => matchesFilter(filter, [kernel]));
  const cases = named.length > 0 ? named : kernelCases;
  if (!isQuick) return cases;
  const covering = open.flatMap(({ gpu }) =>
    coveringCases(cases.filter((kernelCase) => missingFor(kernelCase, gpu) === null)),
  );
  return [...new Set(covering)];
}
