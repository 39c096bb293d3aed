import { BenchError, invariant } from '../core/errors.ts';
import { type Checkpoint, type ModelFiles, openCheckpoint, readJson } from './checkpoint.ts';
import type { ModelConfig } from './config.ts';
import { parseConfig } from './hf-config.ts';
import { type HfTensor, hfTensors, isRedundant } from './hf-tensors.ts';
import { FLOAT_DTYPES, isFloatDtype, readRows, requireTensor } from './safetensors.ts';
import { sha256Hex } from './sha256.ts';
import type { ModelSource } from './source.ts';

const CONFIG = 'config.json';

/** Config of a model directory. Throws `model` when there is none, or none that can be run. */
export async function readConfig(files: ModelFiles): Promise<ModelConfig> {
  if (!(await files.has(CONFIG))) {
    throw new BenchError('model', `${files.name} is no model directory: it has no ${CONFIG}`, {
      hint: 'Give a directory in the Hugging Face layout (config.json, *.safetensors, tokenizer.json) or synthetic:<preset>.',
    });
  }
  return parseConfig(await readJson(files, CONFIG), `${files.name}/${CONFIG}`);
}

function checkTensor(tensor: HfTensor, checkpoint: Checkpoint, where: string): void {
  const file = checkpoint.tensors.get(tensor.hfName);
  if (!file) {
    throw new BenchError('model', `${where}: tensor ${tensor.hfName} is missing`, {
      hint:
        tensor.name === 'head'
          ? `If the model shares its embedding table, set "tie_word_embeddings": true in ${CONFIG}.`
          : `${CONFIG} and the weights do not belong together, or a file is missing.`,
    });
  }
  const { dtype, shape } = requireTensor(file, tensor.hfName);
  const got = `[${shape.join(', ')}]`;
  const expected = `[${tensor.hfShape.join(', ')}]`;
  if (got !== expected) {
    const vocab =
      tensor.role === 'embed' || tensor.role === 'head' ? ' (vocab_size, hidden_size)' : '';
    throw new BenchError(
      'model',
      `${file.source.name}: ${tensor.hfName} is ${got}, ${CONFIG} asks for ${expected}${vocab}`,
      { hint: `${CONFIG} and the weights do not belong together.` },
    );
  }
  if (!isFloatDtype(dtype)) {
    throw new BenchError(
      'model',
      `${file.source.name}: ${tensor.hfName} is ${dtype}, supported are ${FLOAT_DTYPES.join(', ')}`,
      { hint: 'Convert the model to float16, bfloat16 or float32 safetensors.' },
    );
  }
}

/** A tensor we do not know would be left out of the computation without a word: refuse instead. */
function refuseUnknown(
  tensors: readonly HfTensor[],
  checkpoint: Checkpoint,
  config: ModelConfig,
  where: string,
): void {
  const known = new Set(tensors.map((tensor) => tensor.hfName));
  for (const name of checkpoint.tensors.keys()) {
    if (known.has(name) || isRedundant(name, config)) continue;
    throw new BenchError(
      'model',
      `${where}: tensor ${name.slice(0, 120)} has no place in a ${config.architecture} model of ${config.layers} layers`,
      {
        hint: `${CONFIG} and the weights do not belong together, or the model is a kind that is not supported.`,
      },
    );
  }
}

function refuseNonFinite(values: Float32Array, name: string, firstRow: number, cols: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    // x − x is 0 for every finite x and NaN for the others.
    if (value - value !== 0) {
      const where = `row ${firstRow + Math.floor(i / cols)}, column ${i % cols}`;
      throw new BenchError('model', `${name} holds ${value} at ${where}`, {
        hint: 'The weights are damaged: no output of this model would mean anything.',
      });
    }
  }
}

/** One hash over config and weights; file names count, the directory's name does not. */
async function identify(files: ModelFiles, fileNames: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of fileNames) lines.push(`${await files.sha256(file)}  ${file}\n`);
  return sha256Hex(new TextEncoder().encode(lines.join('')));
}

/**
 * Opens a model in the Hugging Face layout: config and every tensor's name, shape and dtype are checked here,
 * the values (finite or not) as they are read. Throws `model`, `io`.
 */
export async function openDirectory(files: ModelFiles): Promise<ModelSource> {
  const config = await readConfig(files);
  const checkpoint = await openCheckpoint(files);
  try {
    const tensors = hfTensors(config);
    for (const tensor of tensors) checkTensor(tensor, checkpoint, files.name);
    refuseUnknown(tensors, checkpoint, config, files.name);
    const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    return {
      name: files.name,
      sha256: await identify(files, [CONFIG, ...checkpoint.fileNames]),
      config,
      has: (tensor) => byName.has(tensor),
      async readRows(name, firstRow, rowCount) {
        const tensor = byName.get(name);
        if (!tensor) throw new BenchError('model', `${files.name} has no tensor ${name}`);
        const file = checkpoint.tensors.get(tensor.hfName);
        invariant(file, `${tensor.hfName} was checked when the model was opened`);
        const values = await readRows(file, tensor.hfName, firstRow, rowCount);
        refuseNonFinite(values, `${file.source.name}: ${tensor.hfName}`, firstRow, tensor.cols);
        return values;
      },
      close: checkpoint.close,
    };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}
