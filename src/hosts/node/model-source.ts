import { join } from 'node:path';
import { describeConfig, type ModelDescription } from '../../model/describe.ts';
import { openDirectory, readConfig } from '../../model/directory.ts';
import { presets } from '../../model/presets.ts';
import type { ModelSource } from '../../model/source.ts';
import { isSynthetic, openSynthetic, parseSynthetic } from '../../model/synthetic.ts';
import { openModelFiles } from './model-directory.ts';

/**
 * Opens the unquantised weights that a model specification names: a directory's path or
 * `synthetic:<preset>[@seed]`. With a cache folder, hashes of files that did not change are remembered there.
 * Throws `usage`, `model`, `unsupported` (a planning preset), `io`.
 */
export async function openSource(spec: string, cacheDir?: string): Promise<ModelSource> {
  if (isSynthetic(spec)) return openSynthetic(spec);
  const hashesDir = cacheDir === undefined ? undefined : join(cacheDir, 'hashes');
  return openDirectory(await openModelFiles(spec, hashesDir));
}

/** Sizes of the model that a specification names, from its config alone. Throws like openSource. */
export async function describeModel(spec: string): Promise<ModelDescription> {
  if (isSynthetic(spec)) {
    const { preset, seed } = parseSynthetic(spec);
    const { config, planningOnly } = presets[preset];
    return describeConfig(`synthetic:${preset}@${seed}`, config, planningOnly);
  }
  const files = await openModelFiles(spec);
  return describeConfig(files.name, await readConfig(files), false);
}
