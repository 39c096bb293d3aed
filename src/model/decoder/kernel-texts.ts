import { kernels } from '../../../kernels/index.ts';
import * as modules from '../../../kernels/modules.ts';
import type { Host } from '../../core/host.ts';
import type { ShaderModule } from '../../gpu/kernel.ts';
import { sha256Hex } from '../sha256.ts';

/**
 * SHA-256 (hex) of the texts of all kernels and modules, comments and blank lines left out: what a tuned
 * table was measured with.
 */
export async function kernelsSha256(host: Host): Promise<string> {
  const sources = [...kernels.map(({ source }) => source), ...moduleSources()];
  const names = [...new Set(sources.map((source) => source.href))].sort();
  const texts = await Promise.all(names.map((href) => host.readText(new URL(href))));
  return sha256Hex(new TextEncoder().encode(texts.map(codeOf).join('\f')));
}

function moduleSources(): URL[] {
  const lists = Object.values(modules).filter((list) => typeof list === 'object');
  return lists.flatMap((list) => Object.values<ShaderModule>(list).map(({ source }) => source));
}

/** The text without what a compiler ignores. */
export function codeOf(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}
