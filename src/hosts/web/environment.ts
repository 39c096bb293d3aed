import type { BackendEnvironment } from '../../backends/backend.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { BenchError } from '../../core/errors.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { openGpuDevice } from '../../gpu/open.ts';
import { webHost } from './host.ts';

/** What backends get on a page. */
export type WebEnvironment = BackendEnvironment & { dispose(): Promise<void> };

/** @param details added to the device's: what only the server knows of the browser. */
export function createWebEnvironment(details: DeviceInfo['details'] = {}): WebEnvironment {
  let device: Promise<GpuDevice> | undefined;

  async function open(): Promise<GpuDevice> {
    if (!navigator.gpu) {
      throw new BenchError('no-adapter', 'This browser has no WebGPU', {
        hint: 'Use Chrome or Chromium 134 or newer; name it with CHROME_PATH.',
      });
    }
    return openGpuDevice(navigator.gpu, { details });
  }

  return {
    host: webHost,
    gpu() {
      device ??= open();
      return device;
    },
    async dispose() {
      const opened = device;
      device = undefined;
      // A device that never opened has already been reported to whoever asked for it.
      await opened?.then(
        (gpu) => gpu.dispose(),
        () => {},
      );
    },
  };
}
