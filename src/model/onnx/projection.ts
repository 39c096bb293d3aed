import { BLOCK, blocksPerRow } from '../packed.ts';
import type { GraphBuilder } from './graph.ts';
import {
  blockCodes,
  blockScales,
  denseRows,
  denseTransposed,
  type FloatType,
  shapeOf,
  type WeightSource,
} from './weight-data.ts';

/** How MatMulNBits computes: 1 in f32, 2 in f16. (4 would round activations to 8 bits: another function.) */
export const ACCURACY_LEVEL = { float32: 1, float16: 2 } as const;

export interface WeightOptions {
  /** Type of activations, scales, norms and unquantised matrices. */
  float: FloatType;
  /** Write int8 matrices as floats: for an engine whose 8-bit kernel would expand them in every run. */
  expandInt8: boolean;
}

/** The initializers of a matrix W[rows, cols], for the operator that multiplies with it. */
export type GraphMatrix =
  | { kind: 'blocks'; codes: string; scales: string; rows: number; cols: number }
  | { kind: 'dense'; transposed: string };

/** Adds a model's weights to a graph and the operators that read them, in the format they are packed in. */
export class WeightWriter {
  private readonly graph: GraphBuilder;
  private readonly model: WeightSource;
  private readonly options: WeightOptions;

  constructor(graph: GraphBuilder, model: WeightSource, options: WeightOptions) {
    this.graph = graph;
    this.model = model;
    this.options = options;
  }

  /** Norms' or biases' values, one after the other. Returns the initializer's name. */
  vector(tensors: readonly string[]): string {
    const length = tensors.reduce((sum, tensor) => sum + shapeOf(this.model, tensor).cols, 0);
    const { float } = this.options;
    return this.graph.weight(
      tensors.join('+'),
      float,
      [length],
      denseRows(this.model, tensors, float),
    );
  }

  /**
   * x[…, cols] · Wᵀ (+ bias), W[rows, cols] being the tensors stacked by rows, all of one format:
   * MatMulNBits where they are quantised, MatMul where they are not.
   */
  project(
    name: string,
    x: string,
    tensors: readonly string[],
    biases: readonly string[] = [],
  ): string {
    const matrix = this.matrix(tensors);
    return this.multiply(name, x, matrix, biases.length > 0 ? this.vector(biases) : undefined);
  }

  /** Adds the initializers of tensors stacked by rows. */
  matrix(tensors: readonly string[]): GraphMatrix {
    const { graph, model } = this;
    const { float } = this.options;
    const rows = tensors.reduce((sum, tensor) => sum + shapeOf(model, tensor).rows, 0);
    const cols = shapeOf(model, tensors[0] ?? '').cols;
    if (tensors.some((tensor) => this.isQuantised(tensor))) {
      return { kind: 'blocks', rows, cols, ...this.blocks(tensors, rows, cols) };
    }
    const data = denseTransposed(model, tensors, float);
    const name = `${tensors.join('+')}.transposed`;
    return { kind: 'dense', transposed: graph.weight(name, float, [cols, rows], data) };
  }

  /** x[…, cols] · Wᵀ (+ bias[rows]) */
  multiply(name: string, x: string, matrix: GraphMatrix, bias?: string): string {
    const { graph } = this;
    if (matrix.kind === 'blocks') {
      const { codes, scales, rows, cols } = matrix;
      return graph.node(name, 'MatMulNBits', [x, codes, scales, ...(bias ? ['', '', bias] : [])], {
        domain: 'com.microsoft',
        attributes: {
          K: cols,
          N: rows,
          bits: this.bits,
          block_size: BLOCK,
          accuracy_level: ACCURACY_LEVEL[this.options.float],
        },
      });
    }
    if (!bias) return graph.node(name, 'MatMul', [x, matrix.transposed]);
    const product = graph.node(`${name}/MatMul`, 'MatMul', [x, matrix.transposed]);
    return graph.node(name, 'Add', [product, bias]);
  }

  /** Rows of the embedding table: indices[1, n] → [1, n, cols]. */
  gather(name: string, tensor: string, indices: string): string {
    if (this.isQuantised(tensor)) return this.gatherBlocks(name, tensor, indices);
    const { rows, cols } = shapeOf(this.model, tensor);
    const { float } = this.options;
    const data = denseRows(this.model, [tensor], float);
    const table = this.graph.weight(tensor, float, [rows, cols], data);
    return this.graph.node(name, 'Gather', [table, indices], { attributes: { axis: 0 } });
  }

  /**
   * Shares its initializers with the LM head, which wants the codes in another shape. The Reshape must not
   * be folded into a second copy of them: switch the ConstantFolding optimizer off.
   */
  private gatherBlocks(name: string, tensor: string, indices: string): string {
    const { graph } = this;
    const { rows, cols } = shapeOf(this.model, tensor);
    const { codes, scales } = this.blocks([tensor], rows, cols);
    const padded = blocksPerRow(cols) * BLOCK;
    const shape = [rows, (padded * this.bits) / 8];
    const flat = graph.constant('embed.codesShape', 'int64', [2], shape);
    const table = graph.node(`${name}/codes`, 'Reshape', [codes, flat]);
    const input = [table, indices, scales];
    const attributes = {
      gather_axis: 0,
      quantize_axis: 1,
      block_size: BLOCK,
      bits: this.bits,
    };
    const options = { domain: 'com.microsoft', attributes } as const;
    if (padded === cols) return graph.node(name, 'GatherBlockQuantized', input, options);
    const wide = graph.node(`${name}/padded`, 'GatherBlockQuantized', input, options);
    return graph.slice(name, wide, 2, 0, cols);
  }

  private get bits(): number {
    return this.model.weights === 'int8' ? 8 : 4;
  }

  private isQuantised(tensor: string): boolean {
    const { format } = shapeOf(this.model, tensor);
    return format === 'int4' || (format === 'int8' && !this.options.expandInt8);
  }

  private blocks(tensors: readonly string[], rows: number, cols: number) {
    const { graph, model } = this;
    const { float } = this.options;
    const blocks = blocksPerRow(cols);
    const name = tensors.join('+');
    const width = (BLOCK * this.bits) / 8;
    const dims = [rows, blocks, width];
    return {
      codes: graph.weight(`${name}.codes`, 'uint8', dims, blockCodes(model, tensors)),
      scales: graph.weight(
        `${name}.scales`,
        float,
        [rows, blocks],
        blockScales(model, tensors, float),
      ),
    };
  }
}
