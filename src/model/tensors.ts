import type { WeightFormat } from '../core/cell.ts';
import { type LayerPart, type ModelConfig, tensorNames } from './config.ts';

/** What a tensor is for, which decides the format it is packed in. */
export type TensorRole = 'matrix' | 'embed' | 'head' | 'vector';

export interface TensorShape {
  /** Canonical name, see `tensorNames`. */
  readonly name: string;
  readonly role: TensorRole;
  readonly rows: number;
  readonly cols: number;
}

/** [rows, cols] of every part that a layer of this model has, in storage order. */
function layerParts(config: ModelConfig): [LayerPart, number, number][] {
  const { dim, hiddenDim, heads, kvHeads, headDim, qkvBias, qkNorm } = config;
  const qDim = heads * headDim;
  const kvDim = kvHeads * headDim;
  const parts: [LayerPart, number, number][] = [
    ['attnNorm', 1, dim],
    ['q', qDim, dim],
    ['k', kvDim, dim],
    ['v', kvDim, dim],
  ];
  if (qkvBias) parts.push(['qBias', 1, qDim], ['kBias', 1, kvDim], ['vBias', 1, kvDim]);
  if (qkNorm) parts.push(['qNorm', 1, headDim], ['kNorm', 1, headDim]);
  parts.push(
    ['o', dim, qDim],
    ['mlpNorm', 1, dim],
    ['gate', hiddenDim, dim],
    ['up', hiddenDim, dim],
    ['down', dim, hiddenDim],
  );
  return parts;
}

const matrixParts: ReadonlySet<LayerPart> = new Set(['q', 'k', 'v', 'o', 'gate', 'up', 'down']);

/** Every tensor that a model of this config has, in storage order. */
export function tensorShapes(config: ModelConfig): TensorShape[] {
  const { vocab, dim, layers, tied } = config;
  const shapes: TensorShape[] = [
    { name: tensorNames.embed, role: tied ? 'head' : 'embed', rows: vocab, cols: dim },
  ];
  for (let i = 0; i < layers; i++) {
    for (const [part, rows, cols] of layerParts(config)) {
      const role = matrixParts.has(part) ? 'matrix' : 'vector';
      shapes.push({ name: tensorNames.layer(i, part), role, rows, cols });
    }
  }
  shapes.push({ name: tensorNames.finalNorm, role: 'vector', rows: 1, cols: dim });
  if (!tied) shapes.push({ name: tensorNames.head, role: 'head', rows: vocab, cols: dim });
  return shapes;
}

/** Format a tensor takes in a variant: only matrices and the LM head are quantised (see packed.ts). */
export function packedFormat(role: TensorRole, weights: WeightFormat): WeightFormat {
  if (weights === 'f32') return 'f32';
  return role === 'matrix' || role === 'head' ? weights : 'f16';
}
