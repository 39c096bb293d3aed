import type { GpuDevice } from '../../src/gpu/device.ts';
import { type OpenGpuOptions, openGpuDevice } from '../../src/gpu/open.ts';
import { createDawn, type Safety } from '../../src/hosts/node/dawn.ts';

/**
 * Opens the adapter that the environment names (VK_DRIVER_FILES, MTOK_ADAPTER), with validation and
 * bounds checks on unless asked otherwise. A machine without an adapter fails the test: nothing is skipped.
 */
export async function openTestDevice(
  options: OpenGpuOptions & { safety?: Safety } = {},
): Promise<GpuDevice> {
  const dawn = await createDawn({ safety: options.safety ?? 'safe' });
  return openGpuDevice(dawn.gpu, { ...options, details: dawn.details });
}
