import { BenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { ModelConfig } from './config.ts';
import { isPresetName, type PresetName, presetNames, presets } from './presets.ts';
import { sha256Hex } from './sha256.ts';
import type { ModelSource } from './source.ts';
import { tensorRecipe } from './synthetic-recipe.ts';
import { type TensorShape, tensorShapes } from './tensors.ts';

const PREFIX = 'synthetic:';
const MAX_SEED = 2 ** 32 - 1;
/** Part of the identity: raise it whenever the same preset and seed would give other weights. */
const GENERATOR_VERSION = 1;

/** Preset and seed that a model specification names. */
export interface SyntheticSpec {
  preset: PresetName;
  seed: number;
}

export function isSynthetic(spec: string): boolean {
  return spec.startsWith(PREFIX);
}

/** Parses `synthetic:<preset>[@seed]`, seed 0 where none is given. Throws `usage`. */
export function parseSynthetic(spec: string): SyntheticSpec {
  const [preset = '', seedText = '0', ...rest] = spec.slice(PREFIX.length).split('@');
  if (!isSynthetic(spec) || !isPresetName(preset)) {
    throw new BenchError('usage', `Unknown synthetic model ${JSON.stringify(spec)}`, {
      hint: `Write synthetic:<preset>[@seed] with one of the presets ${presetNames.join(', ')}.`,
    });
  }
  const seed = Number(seedText);
  if (rest.length > 0 || !/^\d+$/.test(seedText) || seed > MAX_SEED) {
    throw new BenchError('usage', `Seed of ${JSON.stringify(spec)} is no integer 0…${MAX_SEED}`, {
      hint: `For example synthetic:${preset}@7.`,
    });
  }
  return { preset, seed };
}

/** SHA-256 (hex) of everything the weights follow from. */
function identity(spec: SyntheticSpec, config: ModelConfig): Promise<string> {
  const origin = { generator: 'mtok-synthetic', version: GENERATOR_VERSION, ...spec, config };
  return sha256Hex(new TextEncoder().encode(JSON.stringify(origin)));
}

/** Rows [first, first + count) of a tensor; each row has a random stream of its own, so any range is the same. */
function makeRows(rng: Rng, config: ModelConfig, shape: TensorShape, first: number, count: number) {
  const { mean, std } = tensorRecipe(config, shape);
  const stream = rng.fork(shape.name);
  const out = new Float32Array(count * shape.cols);
  for (let row = 0; row < count; row++) {
    const start = row * shape.cols;
    stream.fork(first + row).fillNormal(out, mean, std, start, start + shape.cols);
  }
  return out;
}

/**
 * Weights made up from a preset's name and a seed: nothing is stored, any range of rows is made when asked
 * for, always the same. Throws `usage` for a bad specification, `unsupported` for a planning preset.
 */
export async function openSynthetic(specText: string): Promise<ModelSource> {
  const spec = parseSynthetic(specText);
  const { config, planningOnly } = presets[spec.preset];
  const name = `${PREFIX}${spec.preset}@${spec.seed}`;
  if (planningOnly) {
    throw new BenchError(
      'unsupported',
      `${name} is for planning only: its weights are not made up`,
      {
        hint: 'Use --dry-run with it, or measure synthetic:llama-3.1-8b.',
      },
    );
  }
  const rng = new Rng('mtok-synthetic', GENERATOR_VERSION, spec.preset, spec.seed);
  const shapes = new Map(tensorShapes(config).map((shape) => [shape.name, shape]));
  return {
    name,
    sha256: await identity(spec, config),
    config,
    has: (tensor) => shapes.has(tensor),
    async readRows(tensor, firstRow, rowCount) {
      const shape = shapes.get(tensor);
      if (!shape) throw new BenchError('model', `${name} has no tensor ${tensor}`);
      if (firstRow < 0 || rowCount < 0 || firstRow + rowCount > shape.rows) {
        const asked = `rows ${firstRow}…${firstRow + rowCount}`;
        throw new BenchError('model', `${asked} of ${tensor} asked for, it has ${shape.rows}`);
      }
      return makeRows(rng, config, shape, firstRow, rowCount);
    },
    close: async () => {},
  };
}
