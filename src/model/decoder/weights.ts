import type { GpuDevice } from '../../gpu/device.ts';
import { type LayerPart, type ModelConfig, tensorNames } from '../config.ts';
import type { PackedModel } from '../packed.ts';
import { interleavedTables, ropeTables } from '../rope.ts';
import { type DeviceMatrix, type LoadClock, uploadMatrix } from './device-matrix.ts';
import { uploadFloats, uploadVectors } from './device-vector.ts';

/** One layer's weights as the kernels read them. */
export interface LayerWeights {
  attnNorm: GPUBuffer; // f32[dim]
  qkv: DeviceMatrix; // [(heads + 2·kvHeads)·headDim, dim]
  qkvBias: GPUBuffer | null; // f32[(heads + 2·kvHeads)·headDim]
  qkNorms: GPUBuffer | null; // f32[2, headDim] of q and of k
  o: DeviceMatrix; // [dim, heads·headDim]
  mlpNorm: GPUBuffer; // f32[dim]
  gateUp: DeviceMatrix; // [2·hiddenDim, dim], gate and up rows alternating
  down: DeviceMatrix; // [dim, hiddenDim]
}

export interface DecoderWeights {
  embed: DeviceMatrix; // [vocab, dim]
  layers: LayerWeights[];
  finalNorm: GPUBuffer; // f32[dim]
  head: DeviceMatrix; // [vocab, dim]; the same object as `embed` when tied
  rotation: GPUBuffer; // f32[capacity, headDim/2, cos and sin]
}

/** Uploads a packed model; weights go as they are packed, except that rows are filled up to 32 columns. */
export async function uploadWeights(
  gpu: GpuDevice,
  model: PackedModel,
  capacity: number,
  clock: LoadClock,
): Promise<DecoderWeights> {
  const { config } = model;
  const embed = await uploadMatrix(gpu, model, [tensorNames.embed], 'stacked', clock);
  const layers: LayerWeights[] = [];
  for (let i = 0; i < config.layers; i++) {
    layers.push(await uploadLayer(gpu, model, config, i, clock));
    gpu.assertAlive();
  }
  const finalNorm = await uploadVectors(gpu, model, [tensorNames.finalNorm], clock);
  const head = config.tied
    ? embed
    : await uploadMatrix(gpu, model, [tensorNames.head], 'stacked', clock);
  const tables = interleavedTables(ropeTables(config, capacity));
  const rotation = uploadFloats(gpu, 'activations', 'rope cos and sin', tables);
  return { embed, layers, finalNorm, head, rotation };
}

async function uploadLayer(
  gpu: GpuDevice,
  model: PackedModel,
  config: ModelConfig,
  i: number,
  clock: LoadClock,
): Promise<LayerWeights> {
  const names = (...parts: LayerPart[]) => parts.map((part) => tensorNames.layer(i, part));
  const vectors = (...parts: LayerPart[]) => uploadVectors(gpu, model, names(...parts), clock);
  return {
    attnNorm: await vectors('attnNorm'),
    qkv: await uploadMatrix(gpu, model, names('q', 'k', 'v'), 'stacked', clock),
    qkvBias: config.qkvBias ? await vectors('qBias', 'kBias', 'vBias') : null,
    qkNorms: config.qkNorm ? await vectors('qNorm', 'kNorm') : null,
    o: await uploadMatrix(gpu, model, names('o'), 'stacked', clock),
    mlpNorm: await vectors('mlpNorm'),
    gateUp: await uploadMatrix(gpu, model, names('gate', 'up'), 'alternating', clock),
    down: await uploadMatrix(gpu, model, names('down'), 'stacked', clock),
  };
}
