import type { PackedModel } from '../packed.ts';
import { BLOCK, blocksPerRow } from '../packed.ts';
import type { GraphBuilder } from './graph.ts';
import {
  blockCodes,
  blockScales,
  denseRows,
  denseTransposed,
  type FloatType,
} from './weight-data.ts';

/** How accurately MatMulNBits computes: 1 = in f32, 2 = in f16, 4 = activations rounded to int8. */
const ACCURACY = { float32: 1, float16: 2 } as const;

/** Adds the model's weights and the operators that read them, in the number format they are packed in. */
export class WeightWriter {
  readonly graph: GraphBuilder;
  readonly model: PackedModel;
  readonly float: FloatType;

  constructor(graph: GraphBuilder, model: PackedModel, float: FloatType) {
    this.graph = graph;
    this.model = model;
    this.float = float;
  }

  /** A norm's or bias's values, [cols] of the tensors one after the other. Returns the initializer's name. */
  vector(tensors: readonly string[]): string {
    const length = tensors.reduce((sum, tensor) => sum + this.shape(tensor).cols, 0);
    const data = denseRows(this.model, tensors, this.float);
    return this.graph.weight(tensors.join('+'), this.float, [length], data);
  }

  /** x[…, cols] · W[rows, cols]ᵀ (+ bias): MatMulNBits where W is quantised, MatMul where it is not. */
  project(name: string, x: string, tensor: string, bias?: string): string {
    if (this.isQuantised(tensor)) return this.projectBlocks(name, x, tensor, bias);
    const { rows, cols } = this.shape(tensor);
    const data = denseTransposed(this.model, tensor, this.float);
    const weight = this.graph.weight(`${tensor}.transposed`, this.float, [cols, rows], data);
    if (!bias) return this.graph.node(name, 'MatMul', [x, weight]);
    const product = this.graph.node(`${name}/MatMul`, 'MatMul', [x, weight]);
    return this.graph.node(name, 'Add', [product, this.vector([bias])]);
  }

  /** Rows of the embedding table: indices[1, n] → [1, n, cols]. */
  gather(name: string, tensor: string, indices: string): string {
    const { rows, cols } = this.shape(tensor);
    if (this.isQuantised(tensor)) return this.gatherBlocks(name, tensor, indices);
    const table = this.graph.weight(
      tensor,
      this.float,
      [rows, cols],
      denseRows(this.model, [tensor], this.float),
    );
    return this.graph.node(name, 'Gather', [table, indices], { attributes: { axis: 0 } });
  }

  private projectBlocks(name: string, x: string, tensor: string, bias?: string): string {
    const { rows, cols } = this.shape(tensor);
    const { codes, scales } = this.blocks(tensor);
    const input = [x, codes, scales];
    if (bias) input.push('', '', this.vector([bias]));
    return this.graph.node(name, 'MatMulNBits', input, {
      domain: 'com.microsoft',
      attributes: {
        K: cols,
        N: rows,
        bits: this.bits,
        block_size: BLOCK,
        accuracy_level: ACCURACY[this.float],
      },
    });
  }

  private gatherBlocks(name: string, tensor: string, indices: string): string {
    const { rows, cols } = this.shape(tensor);
    const { codes, scales } = this.blocks(tensor);
    const padded = blocksPerRow(cols) * BLOCK;
    const flat = this.graph.constant(
      'embed.codesShape',
      'int64',
      [2],
      [rows, (padded * this.bits) / 8],
    );
    const table = this.graph.node(`${name}/codes`, 'Reshape', [codes, flat]);
    const rowsOut = this.graph.node(
      padded === cols ? name : `${name}/padded`,
      'GatherBlockQuantized',
      [table, indices, scales],
      {
        domain: 'com.microsoft',
        attributes: { gather_axis: 0, quantize_axis: 1, block_size: BLOCK, bits: this.bits },
      },
    );
    if (padded === cols) return rowsOut;
    return this.graph.slice(name, rowsOut, 2, 0, cols);
  }

  private get bits(): number {
    return this.model.weights === 'int8' ? 8 : 4;
  }

  private isQuantised(tensor: string): boolean {
    const { format } = this.shape(tensor);
    return format === 'int4' || format === 'int8';
  }

  private shape(tensor: string) {
    const shape = this.model.tensors.get(tensor);
    if (!shape) throw new Error(`no tensor ${tensor}`);
    return shape;
  }

  private blocks(tensor: string): { codes: string; scales: string } {
    const { rows, cols } = this.shape(tensor);
    const blocks = blocksPerRow(cols);
    const codes = this.graph.weight(
      `${tensor}.codes`,
      'uint8',
      [rows, blocks, (BLOCK * this.bits) / 8],
      blockCodes(this.model, [tensor]),
    );
    const scales = this.graph.weight(
      `${tensor}.scales`,
      this.float,
      [rows, blocks],
      blockScales(this.model, [tensor], this.float),
    );
    return { codes, scales };
  }
}
