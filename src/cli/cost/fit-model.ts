import { KV_FORMATS, type KvFormat, WEIGHT_FORMATS, type WeightFormat } from '../../core/cell.ts';
import { cellName } from '../../core/cell-name.ts';
import { BenchError } from '../../core/errors.ts';
import type { BenchRecord } from '../../core/record.ts';
import { kvBytesPerToken, type ModelShape, weightsBytes } from '../../economics/fit/model-shape.ts';
import { describeModel } from '../../hosts/node/model-source.ts';
import { isPresetName } from '../../model/presets.ts';
import { isSynthetic } from '../../model/synthetic.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { chooseRecords } from './choose-records.ts';
import { type CostFitArguments, parseParameters } from './fit-options.ts';

/** What is known of a model's memory, however it was named. */
export interface FitModel {
  name: string;
  /** Null where a record does not say. */
  parameters: number | null;
  kvHeads: number | null;
  /** Longest sequence it was made for; null where that is not known. */
  context: number | null;
  /** By format, as far as they are known. */
  weightsBytes: ReadonlyMap<WeightFormat, number>;
  kvBytesPerToken: ReadonlyMap<KvFormat, number>;
  /** How the bytes were come by. */
  basis: string;
}

/**
 * The model of a command line: by its numbers, its files or a record. Throws `usage` for none or several of them and
 * for numbers that are missing, `model` and `io` as reading it does.
 */
export async function fitModel(argv: CostFitArguments): Promise<FitModel> {
  const withScales = argv.pure !== true;
  const shape = [argv.params, argv.layers, argv.kvHeads, argv.headDim];
  const isShapeGiven = shape.some((text) => text !== undefined);
  const given = [isShapeGiven, argv.model !== undefined, argv.record !== undefined];
  if (given.filter(Boolean).length !== 1) {
    throw usageError(
      given.includes(true) ? 'cost fit got several models' : 'cost fit got no model',
      'Give --params, --layers, --kv-heads and --head-dim; or --model; or --record.',
    );
  }
  if (isShapeGiven) return ofShape(parseShape(argv), withScales);
  if (argv.model !== undefined) return ofFiles(argv.model, withScales);
  const [record] = await chooseRecords([argv.record ?? ''], argv.store ?? null);
  if (record === undefined) throw usageError('--record names no record');
  if (!withScales) throw usageError('--pure does not go with --record, whose bytes were measured');
  return ofRecord(record);
}

function parseShape(argv: CostFitArguments): ModelShape {
  const integer = (text: string | undefined, option: string) =>
    parseInteger(text, { option, min: 1, max: 1e6 });
  const parsed = {
    parameters: parseParameters(argv.params, '--params'),
    layers: integer(argv.layers, '--layers'),
    kvHeads: integer(argv.kvHeads, '--kv-heads'),
    headDim: integer(argv.headDim, '--head-dim'),
  };
  const { parameters, layers, kvHeads, headDim } = parsed;
  if (parameters === null || layers === null || kvHeads === null || headDim === null) {
    throw usageError(
      'cost fit needs all of --params, --layers, --kv-heads and --head-dim',
      'They are in the config.json of a model as num_hidden_layers, num_key_value_heads and head_dim.',
    );
  }
  return { parameters, layers, kvHeads, headDim };
}

function ofShape(shape: ModelShape, withScales: boolean): FitModel {
  const { parameters, layers, kvHeads, headDim } = shape;
  return {
    name: `${layers} layers with ${kvHeads} KV heads of ${headDim}`,
    parameters,
    kvHeads,
    context: null,
    weightsBytes: new Map(
      WEIGHT_FORMATS.map((format) => [format, weightsBytes(shape, format, withScales)]),
    ),
    kvBytesPerToken: new Map(
      KV_FORMATS.map((format) => [format, kvBytesPerToken(shape, format, withScales)]),
    ),
    basis: 'parameters times the bytes of their format',
  };
}

async function ofFiles(spec: string, withScales: boolean): Promise<FitModel> {
  const described = await describe(spec);
  const { config, name, parameters } = described;
  const pure = ofShape({ parameters, ...config }, withScales);
  if (!withScales) return { ...pure, name, context: config.context };
  return {
    name,
    parameters,
    kvHeads: config.kvHeads,
    context: config.context,
    weightsBytes: new Map(WEIGHT_FORMATS.map((format) => [format, described.weightsBytes[format]])),
    kvBytesPerToken: new Map(
      KV_FORMATS.map((format) => [format, described.kvBytesPerToken[format]]),
    ),
    basis: 'every tensor in the format it is packed in, embeddings and norms in f16 or f32',
  };
}

async function describe(spec: string) {
  try {
    return await describeModel(isPresetName(spec) ? `synthetic:${spec}` : spec);
  } catch (error) {
    if (!(error instanceof BenchError) || error.code !== 'model') throw error;
    throw new BenchError('model', error.message, {
      hint: [error.hint, 'Any model can be given by --params, --layers, --kv-heads and --head-dim.']
        .filter((part) => part !== undefined)
        .join(' '),
      cause: error,
    });
  }
}

/** Bytes as a session allocated them; the cache was for the tokens of the record's workload. */
async function ofRecord(record: BenchRecord): Promise<FitModel> {
  const { cell, memory, id } = record;
  const { weights, kv } = cell.variant;
  const { promptTokens, generatedTokens, depth, batch } = cell.workload;
  const tokens = batch * (depth + promptTokens + generatedTokens);
  if (memory.weightsBytes === null || memory.kvCacheBytes === null || kv === 'auto') {
    throw new BenchError('usage', `Record ${id} does not have the bytes of its weights and cache`, {
      hint: 'Its engine hides them. Give the model with --model or by its numbers.',
    });
  }
  const known = isSynthetic(cell.model) ? await describeModel(cell.model) : null;
  return {
    name: `${cellName(cell)}, record ${id}`,
    parameters: known?.parameters ?? null,
    kvHeads: known?.config.kvHeads ?? null,
    context: known?.config.context ?? null,
    weightsBytes: new Map([[weights, memory.weightsBytes]]),
    kvBytesPerToken: new Map([
      [kv, known?.kvBytesPerToken[kv] ?? memory.kvCacheBytes / Math.max(1, tokens)],
    ]),
    basis:
      known === null
        ? 'bytes that the record measured; the cache over the tokens of its workload'
        : "bytes of weights that the record measured; the cache by the model's shape",
  };
}
