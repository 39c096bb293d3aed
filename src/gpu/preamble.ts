import type { Host } from '../core/host.ts';
import { bindingsOf, FOLD, type KernelInstance } from './kernel.ts';

/**
 * What changes from call to call, in one 16-byte uniform that decode steps advance on the device:
 * tokens already in the cache, new tokens per sequence, the count of tokens picked so far, and the seed of sampling.
 */
export const STATE_WGSL = 'struct State { position: u32, seq: u32, step: u32, seed: u32 }';

/** headDim → HEAD_DIM, k → K. */
export function constantName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The generated head of a kernel's text: enables, aliases, constants, bindings. Pure. */
export function preamble(instance: KernelInstance): string {
  const lines: string[] = [];
  const needs = new Set<string>(instance.spec.needs ?? []);
  for (const module of Object.values(instance.modules)) {
    for (const need of module.needs ?? []) needs.add(need);
  }
  if (instance.elem === 'f16') needs.add('shader-f16');
  if (needs.has('shader-f16')) lines.push('enable f16;');
  if (needs.has('subgroups')) lines.push('enable subgroups;');
  if (needs.has('chromium-experimental-subgroup-matrix')) {
    lines.push('enable chromium_experimental_subgroup_matrix;');
  }
  lines.push(`alias elem = ${instance.elem};`, `const FOLD: u32 = ${FOLD}u;`);
  const constants = { ...instance.tunables };
  for (const name of instance.spec.dims) constants[name] = instance.dims[name] ?? 0;
  for (const [name, value] of Object.entries(constants)) {
    lines.push(`const ${constantName(name)}: u32 = ${value}u;`);
  }
  const bindings = bindingsOf(instance);
  if (bindings.some(([, b]) => b.type === 'State')) lines.push(STATE_WGSL);
  bindings.forEach(([name, b], index) => {
    const space = b.access === 'uniform' ? 'uniform' : `storage, ${b.access}`;
    const type = b.access === 'uniform' ? b.type : `array<${b.type}>`;
    lines.push(`@group(0) @binding(${index}) var<${space}> ${name}: ${type};`);
  });
  return `${lines.join('\n')}\n`;
}

/** A finished shader text and where each of its lines came from, for error messages. */
export interface ShaderText {
  code: string;
  /** Source line `line` (1-based) of the assembled text → file and line. */
  locate(line: number): string;
}

/** Preamble + modules + body. */
export async function assemble(instance: KernelInstance, host: Host): Promise<ShaderText> {
  const parts: { name: string; text: string }[] = [
    { name: `${instance.spec.name} (preamble)`, text: preamble(instance) },
  ];
  for (const slot of instance.spec.slots) {
    const module = instance.modules[slot];
    if (module)
      parts.push({ name: fileName(module.source), text: await loadText(host, module.source) });
  }
  parts.push({
    name: fileName(instance.spec.source),
    text: await loadText(host, instance.spec.source),
  });
  const starts: number[] = [];
  let line = 1;
  for (const part of parts) {
    starts.push(line);
    line += part.text.split('\n').length - 1;
  }
  return {
    code: parts.map((part) => part.text).join(''),
    locate(at) {
      const index = starts.findLastIndex((start) => start <= at);
      return `${parts[index]?.name ?? '?'}:${at - (starts[index] ?? 1) + 1}`;
    },
  };
}

const texts = new Map<string, Promise<string>>();

/** Reads a source once per process; every part ends in a newline so that parts never share a line. */
function loadText(host: Host, url: URL): Promise<string> {
  let text = texts.get(url.href);
  if (!text) {
    text = host.readText(url).then((raw) => (raw.endsWith('\n') ? raw : `${raw}\n`));
    texts.set(url.href, text);
  }
  return text;
}

function fileName(url: URL): string {
  if (url.protocol === 'data:') return 'kernel';
  const parts = url.pathname.split('/');
  return parts.slice(parts.lastIndexOf('kernels')).join('/');
}
