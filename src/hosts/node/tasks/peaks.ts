import { measurePeaks } from '../../../../bench/kernels/peaks.ts';
import { openGpuDevice } from '../../../gpu/open.ts';
import { KernelCompiler } from '../../../gpu/program.ts';
import type { TaskHandler } from '../../tasks.ts';
import { createDawn } from '../dawn.ts';
import { nodeHost } from '../host.ts';

/** Measures what this process's adapter does at best. Throws `no-adapter`, and `quality` when a probe is wrong. */
export const peaks: TaskHandler<'peaks'> = async () => {
  const dawn = await createDawn();
  try {
    const gpu = await openGpuDevice(dawn.gpu, { details: dawn.details });
    try {
      const found = await measurePeaks(gpu, nodeHost, new KernelCompiler(gpu, nodeHost));
      return { adapter: gpu.info.name, peaks: found };
    } finally {
      await gpu.dispose();
    }
  } finally {
    dawn.dispose();
  }
};
