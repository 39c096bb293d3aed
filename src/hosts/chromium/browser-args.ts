/** Command line of the browser for an adapter of this kind. */
export function browserArgs(
  kind: 'gpu' | 'software',
  machine: { platform: NodeJS.Platform; isRoot: boolean; isBundled: boolean },
): string[] {
  return [
    '--enable-unsafe-webgpu', // experimental features; on Linux WebGPU itself
    '--enable-webgpu-developer-features', // the adapter's real name; timestamps in nanoseconds
    '--disable-gpu-watchdog', // a long dispatch is no hang
    '--disable-dev-shm-usage', // /dev/shm is small in containers
    '--no-first-run',
    // Root may not use the sandbox and the bundled browser has none; only our own page is opened.
    ...(machine.isRoot || machine.isBundled ? ['--no-sandbox'] : []),
    ...(kind === 'software' ? ['--use-webgpu-adapter=swiftshader'] : gpuArgs(machine.platform)),
  ];
}

/** On Linux Chromium offers a GPU to WebGPU only through Vulkan, and only when it composes through it. */
function gpuArgs(platform: NodeJS.Platform): string[] {
  if (platform !== 'linux') return [];
  return ['--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'];
}
