import type { DoctorFacts } from './doctor-facts.ts';

/** What to do about each thing missing, most useful first; empty when nothing is. */
export function adviceFor(facts: DoctorFacts): string[] {
  return [
    ...bundleAdvice(facts),
    ...adapterAdvice(facts),
    ...providerAdvice(facts),
    ...browserAdvice(facts),
  ];
}

function bundleAdvice({ bundle }: DoctorFacts): string[] {
  if (!bundle || bundle.damaged.length === 0) return [];
  return ['The offline bundle is not as it was packed: unpack it again.'];
}

function adapterAdvice({ chosen, adapters, nvidia, machine }: DoctorFacts): string[] {
  const advice: string[] = [];
  const onLinux = machine.os.startsWith('linux');
  const usable = adapters.filter(({ problem }) => problem === null);
  const hasGpu = usable.some(({ kind }) => kind === 'gpu');
  if (!hasGpu && 'found' in nvidia) {
    advice.push(
      'An NVIDIA GPU is present but Vulkan does not see it: install the driver’s Vulkan part ' +
        '(libnvidia-gl, nvidia_icd.json), or name its manifest with VK_DRIVER_FILES; in a container set ' +
        'NVIDIA_DRIVER_CAPABILITIES=all.',
    );
  } else if (!hasGpu) {
    advice.push(
      'No GPU was found: timings here prove nothing about one. Install the driver of your GPU' +
        (onLinux ? ' with its Vulkan part.' : '.'),
    );
  }
  if (onLinux && !usable.some(({ origin }) => origin === 'installed')) {
    advice.push(
      'For faster software rendering than the bundled one: install mesa-vulkan-drivers, 23.1 or newer.',
    );
  }
  for (const { name, problem } of adapters) {
    if (problem !== null) advice.push(`${name} cannot be used: update its driver.`);
  }
  if ('problem' in chosen) advice.push(`The wgsl backend cannot run in Node: ${chosen.problem}.`);
  const gpu = usable.find(({ kind }) => kind === 'gpu');
  if (gpu && !String(gpu.details.features).includes('shader-f16')) {
    advice.push(
      `${gpu.name} has no shader-f16: f16 weights are computed in f32. Update its driver.`,
    );
  }
  return advice;
}

function providerAdvice({ providers, nvidia, bundle }: DoctorFacts): string[] {
  if ('problem' in providers) {
    const remedy = bundle ? 'unpack the bundle again' : 'run `npm ci`';
    return [`ONNX Runtime does not load (${providers.problem}): ${remedy} on this machine.`];
  }
  const cuda = providers.found.find(({ name }) => name === 'cuda');
  if ('found' in nvidia && cuda && !cuda.bundled && !bundle) {
    return [
      'For ort-cuda fetch its files: `node node_modules/onnxruntime-node/script/install.js ' +
        '--onnxruntime-node-install=cuda12`, and install CUDA 12 with cuDNN 9.',
    ];
  }
  return [];
}

function browserAdvice({ browser }: DoctorFacts): string[] {
  if (!('problem' in browser)) return [];
  return [
    `For --host chromium: ${browser.hint ?? 'install Chrome or Chromium, or set CHROME_PATH.'}`,
  ];
}
