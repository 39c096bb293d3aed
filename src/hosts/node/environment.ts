import type { BackendEnvironment } from '../../backends/backend.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { type OpenGpuOptions, openGpuDevice } from '../../gpu/open.ts';
import { createDawn, type Dawn, type Safety } from './dawn.ts';
import { nodeHost } from './host.ts';
import { findTuned } from './tuned-tables.ts';

export interface NodeEnvironmentOptions {
  /** Folder for files that engines need on disk. */
  cacheDir: string;
  safety?: Safety;
  features?: OpenGpuOptions['features'];
}

/** What backends get in Node. Dawn is loaded on the first `gpu()` and only then. */
export type NodeEnvironment = BackendEnvironment & {
  /** Destroys the device, if one was opened; the process can then end by itself. */
  dispose(): Promise<void>;
};

export function createNodeEnvironment(options: NodeEnvironmentOptions): NodeEnvironment {
  let dawn: Dawn | undefined;
  let device: Promise<GpuDevice> | undefined;

  async function open(): Promise<GpuDevice> {
    dawn = await createDawn({ safety: options.safety });
    return openGpuDevice(dawn.gpu, { features: options.features, details: dawn.details });
  }

  return {
    host: nodeHost,
    cacheDir: options.cacheDir,
    gpu() {
      device ??= open();
      return device;
    },
    tuned: (gpu) => findTuned(options.cacheDir, gpu.info),
    async dispose() {
      const opened = device;
      device = undefined;
      // A device that never opened has already been reported to whoever asked for it.
      await opened?.then(
        (gpu) => gpu.dispose(),
        () => {},
      );
      dawn?.dispose();
      dawn = undefined;
    },
  };
}
