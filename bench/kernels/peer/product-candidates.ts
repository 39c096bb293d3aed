import { invariant } from '../../../src/core/errors.ts';
import { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import {
  ACCURACY_LEVEL,
  type GraphMatrix,
  WeightWriter,
} from '../../../src/model/onnx/projection.ts';
import {
  denseRows,
  type FloatType,
  shapeOf,
  type WeightSource,
} from '../../../src/model/onnx/weight-data.ts';
import { BLOCK, blocksPerRow } from '../../../src/model/packed.ts';
import type { Planes } from '../../../src/model/quantise.ts';
import type { Scalar } from '../expectation.ts';
import type { ProductData, ProductOperation } from '../operation.ts';
import { addDone, type Candidate, floatTypes, weightBytes } from './candidate.ts';

const MATRIX = 'w';

/** A matrix as graphs read weights from a model. */
function sourceOf({ format, n, k }: ProductOperation, planes: Planes): WeightSource {
  const plane = (name: keyof Planes) => {
    const bytes = planes[name];
    invariant(bytes, `packed ${format} weights without the plane ${name}`);
    return bytes;
  };
  return {
    name: 'operation',
    weights: format,
    tensors: new Map([[MATRIX, { name: MATRIX, format, rows: n, cols: k }]]),
    planeBytes: (_, name) => plane(name).byteLength,
    read: async (_, name, offset = 0, length) =>
      plane(name).subarray(offset, length === undefined ? undefined : offset + length),
  };
}

type ProductOperator = 'MatMulNBits' | 'MatMul' | 'Gemm';

/**
 * The ways of a product: MatMulNBits on the packed integers, or MatMul and Gemm (which takes the matrix as it
 * is stored) on floats; with f16 activations where the device computes in them and the weights are not f32.
 * f16 weights beside f32 activations are widened: these operators take one type.
 */
export function productCandidates(
  operation: ProductOperation,
  data: ProductData,
  hasF16: boolean,
): Candidate[] {
  const { format } = operation;
  const isQuantised = format === 'int4' || format === 'int8';
  const operators: ProductOperator[] = isQuantised ? ['MatMulNBits'] : ['MatMul', 'Gemm'];
  const elems: Scalar[] = hasF16 && format !== 'f32' ? ['f16', 'f32'] : ['f32'];
  return elems.flatMap((elem) =>
    operators.map((operator) => productCandidate(operation, data, operator, elem)),
  );
}

function productCandidate(
  operation: ProductOperation,
  { x, planes }: ProductData,
  operator: ProductOperator,
  elem: Scalar,
): Candidate {
  const { rows, k, n } = operation;
  const float = floatTypes[elem];
  const source = sourceOf(operation, planes);
  const leading = operator === 'Gemm' ? [rows] : [1, rows];
  let weights: Uint8Array | undefined;
  return {
    label: `${operator} ${elem}`,
    operator,
    elem,
    settings: operator === 'MatMulNBits' ? { accuracyLevel: ACCURACY_LEVEL[float] } : {},
    copyBytes: copyBytes(operation, elem),
    async build(tensors, copies, operations) {
      const graph = new GraphBuilder();
      graph.input('x', float, [...leading, k]);
      const multiply = operator === 'Gemm' ? gemm : multiplyAsExported;
      const add = multiply(graph, source, float);
      for (let i = 0; i < operations; i++) add(`op${i}`, i % copies);
      const y = `op${operations - 1}`;
      graph.output(y, float, [...leading, n]);
      weights ??= await weightBytes(graph);
      return {
        graph,
        weights,
        operations,
        feeds: { x: await tensors.upload(float, x, [...leading, k]) },
        resident: {},
        done: await addDone(graph, tensors, y, float, leading),
        results: [y],
      };
    },
  };
}

/** Adds a product with the copy of a number. */
type AddProduct = (name: string, copy: number) => void;

/** Products as the decoder graphs have them. */
function multiplyAsExported(
  graph: GraphBuilder,
  source: WeightSource,
  float: FloatType,
): AddProduct {
  const writer = new WeightWriter(graph, source, { float, expandInt8: false });
  const matrix = writer.matrix([MATRIX]);
  return (name, copy) => writer.multiply(name, 'x', copyOf(graph, matrix, copy));
}

function gemm(graph: GraphBuilder, source: WeightSource, float: FloatType): AddProduct {
  const { rows, cols } = shapeOf(source, MATRIX);
  const data = denseRows(source, [MATRIX], float);
  const original = graph.weight(MATRIX, float, [rows, cols], data);
  return (name, copy) => {
    const weight = weightCopy(graph, original, copy);
    graph.node(name, 'Gemm', ['x', weight], { attributes: { transB: 1 } });
  };
}

function copyOf(graph: GraphBuilder, matrix: GraphMatrix, copy: number): GraphMatrix {
  if (matrix.kind === 'dense') {
    return { kind: 'dense', transposed: weightCopy(graph, matrix.transposed, copy) };
  }
  const codes = weightCopy(graph, matrix.codes, copy);
  return { ...matrix, codes, scales: weightCopy(graph, matrix.scales, copy) };
}

/** The weight itself is copy 0. */
function weightCopy(graph: GraphBuilder, weight: string, copy: number): string {
  return copy === 0 ? weight : graph.copy(`${weight}.${copy}`, weight);
}

function copyBytes({ format, n, k }: ProductOperation, elem: Scalar): number {
  const elemBytes = elem === 'f16' ? 2 : 4;
  if (format === 'f16' || format === 'f32') return n * k * elemBytes;
  return n * blocksPerRow(k) * ((format === 'int4' ? BLOCK / 2 : BLOCK) + elemBytes);
}
