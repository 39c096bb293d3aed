import type { TaskHandler } from '../../tasks.ts';
import { timeKernels } from '../kernels/time-kernels.ts';
import { validateKernels } from '../kernels/validate-kernels.ts';

/** Validates kernels on this process's adapter, or times them at the shapes of models. */
export const kernels: TaskHandler<'kernels'> = (input, send) =>
  input.phase === 'validate' ? validateKernels(input, send) : timeKernels(input, send);
