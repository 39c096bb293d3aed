import type { ModelConfig } from '../../model/config.ts';
import { ioNames, KV_PARTS, paddedHeadDim } from '../../model/onnx/decoder-io.ts';
import type { FloatType } from '../../model/onnx/weight-data.ts';
import type { Tensor } from './runtime.ts';

/** Tensors by the names of a graph's inputs or outputs; null lets the engine make an output. */
export type Feeds = Record<string, Tensor>;
export type Fetches = Record<string, Tensor | null>;

/** The keys and values of all layers between runs of the graph. */
export interface KvCache {
  /** Bytes held between runs. */
  readonly bytes: number;
  /** The graph's `past_key_values.*` inputs when `position` tokens are cached. */
  feeds(position: number): Feeds;
  /** The graph's `present.*` outputs as they are to be asked for. */
  fetches(): Fetches;
  /** Takes what a run returned for the `present.*` outputs. */
  accept(results: Feeds): void;
  dispose(): Promise<void>;
}

export interface KvShape {
  config: ModelConfig;
  batch: number;
  float: FloatType;
}

/** past and present name of each key and value tensor. */
export function kvNames({ layers }: ModelConfig): { past: string; present: string }[] {
  return Array.from({ length: layers }, (_, layer) =>
    KV_PARTS.map((part) => ({
      past: ioNames.past(layer, part),
      present: ioNames.present(layer, part),
    })),
  ).flat();
}

/** [1, heads of all sequences, length, width of a head]: see buildDecoder. */
export function kvDims({ config, batch }: KvShape, length: number): [1, number, number, number] {
  return [1, batch * config.kvHeads, length, paddedHeadDim(config.headDim)];
}

export function elements(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Bytes of the whole cache at a length. */
export function kvBytes(shape: KvShape, length: number): number {
  const width = shape.float === 'float16' ? 2 : 4;
  return 2 * shape.config.layers * elements(kvDims(shape, length)) * width;
}

/** Full-length tensors that a run reads as past and overwrites as present, so that nothing is copied or allocated. */
export class SharedKvCache implements KvCache {
  readonly bytes: number;
  private readonly past: Feeds = {};
  private readonly present: Fetches = {};
  private readonly release: (results: Feeds) => void;
  private readonly free: () => Promise<void>;

  /**
   * @param tensors one for each of kvNames
   * @param release frees what a run returned in place of a tensor that it was given
   */
  constructor(
    shape: KvShape,
    length: number,
    tensors: readonly Tensor[],
    release: (results: Feeds) => void,
    free: () => Promise<void>,
  ) {
    this.bytes = kvBytes(shape, length);
    this.release = release;
    this.free = free;
    kvNames(shape.config).forEach(({ past, present }, i) => {
      const tensor = tensors[i];
      if (!tensor) return;
      this.past[past] = tensor;
      this.present[present] = tensor;
    });
  }

  feeds(): Feeds {
    return this.past;
  }

  fetches(): Fetches {
    return this.present;
  }

  accept(results: Feeds): void {
    this.release(results);
  }

  dispose(): Promise<void> {
    return this.free();
  }
}
