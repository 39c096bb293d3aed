import { BenchError } from '../../core/errors.ts';
import { type LayerPart, type ModelConfig, tensorNames } from '../../model/config.ts';
import type { PackedModel, PlaneName } from '../../model/packed.ts';
import { dequantise } from '../../model/quantise.ts';

/** Weights of one layer as f32; shapes in config.ts. */
export interface LayerWeights {
  attnNorm: Float32Array;
  q: Float32Array;
  k: Float32Array;
  v: Float32Array;
  qBias?: Float32Array;
  kBias?: Float32Array;
  vBias?: Float32Array;
  qNorm?: Float32Array;
  kNorm?: Float32Array;
  o: Float32Array;
  mlpNorm: Float32Array;
  gate: Float32Array;
  up: Float32Array;
  down: Float32Array;
}

export interface Weights {
  config: ModelConfig;
  embed: Float32Array; // [vocab, dim]
  layers: LayerWeights[];
  finalNorm: Float32Array; // [dim]
  head: Float32Array; // [vocab, dim], the same array as `embed` when tied
}

/** The numbers a packed tensor stands for, f32[rows, cols]. Throws `model` when it is absent. */
async function readTensor(model: PackedModel, name: string): Promise<Float32Array> {
  const tensor = model.tensors.get(name);
  if (!tensor) throw new BenchError('model', `${model.name} has no tensor ${name}`);
  const { format, rows, cols } = tensor;
  const quantised = format === 'int8' || format === 'int4';
  const planes: Partial<Record<PlaneName, Uint8Array>> = {};
  for (const plane of quantised ? (['codes', 'scales'] as const) : (['data'] as const)) {
    planes[plane] = await model.read(name, plane);
  }
  return dequantise(format, planes, rows, cols);
}

async function readLayer(model: PackedModel, layer: number): Promise<LayerWeights> {
  const read = (part: LayerPart) => readTensor(model, tensorNames.layer(layer, part));
  const { qkvBias, qkNorm } = model.config;
  return {
    attnNorm: await read('attnNorm'),
    q: await read('q'),
    k: await read('k'),
    v: await read('v'),
    ...(qkvBias && { qBias: await read('qBias') }),
    ...(qkvBias && { kBias: await read('kBias') }),
    ...(qkvBias && { vBias: await read('vBias') }),
    ...(qkNorm && { qNorm: await read('qNorm') }),
    ...(qkNorm && { kNorm: await read('kNorm') }),
    o: await read('o'),
    mlpNorm: await read('mlpNorm'),
    gate: await read('gate'),
    up: await read('up'),
    down: await read('down'),
  };
}

/** Dequantises a whole model into f32. Throws `model`, and `out-of-memory` when it does not fit. */
export async function loadWeights(model: PackedModel): Promise<Weights> {
  const { config } = model;
  try {
    const embed = await readTensor(model, tensorNames.embed);
    const layers: LayerWeights[] = [];
    for (let i = 0; i < config.layers; i++) layers.push(await readLayer(model, i));
    const finalNorm = await readTensor(model, tensorNames.finalNorm);
    const head = config.tied ? embed : await readTensor(model, tensorNames.head);
    return { config, embed, layers, finalNorm, head };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BenchError('out-of-memory', `${model.name} does not fit in memory as f32`, {
      hint: 'The reference backend keeps all weights as f32: use a smaller model or another backend.',
      cause: error,
    });
  }
}

/** Bytes that the arrays of `weights` hold. */
export function weightBytes(weights: Weights): number {
  const { embed, head, finalNorm, layers } = weights;
  const arrays = new Set([embed, head, finalNorm, ...layers.flatMap((l) => Object.values(l))]);
  return [...arrays].reduce((sum, array: Float32Array) => sum + array.byteLength, 0);
}
