import type { Feeds } from '../../../src/backends/ort/kv-cache.ts';
import type { Tensor } from '../../../src/backends/ort/runtime.ts';
import type { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import type { FloatType } from '../../../src/model/onnx/weight-data.ts';
import type { Scalar } from '../expectation.ts';
import type { DeviceTensors } from './device-tensors.ts';

/**
 * Many times the same operation in one graph, so that the cost of a call is shared by all of them. They do
 * not depend on each other; the results of all but the last go nowhere.
 */
export interface PeerGraph {
  /** Nodes of operation i are named `op<i>` or `op<i>.…`; the output `done` is a bit of the last result. */
  readonly graph: GraphBuilder;
  /** Bytes of the graph's weights, which are not in the graph. */
  readonly weights: Uint8Array;
  readonly operations: number;
  /** Inputs, all on the device. */
  readonly feeds: Feeds;
  /** Outputs that every run writes to these tensors on the device. */
  readonly resident: Feeds;
  /** A place on the device for `done`, for runs that nobody waits for. */
  readonly done: Tensor;
  /** Outputs that make up the last operation's result, one behind the other. */
  readonly results: readonly string[];
}

/** One way to have ONNX Runtime do an operation. */
export interface Candidate {
  /** The operator and what sets this way apart: `MatMulNBits f16`. */
  readonly label: string;
  readonly operator: string;
  /** Type of inputs, results and sums. */
  readonly elem: Scalar;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Bytes on the device of what `copies` are made of: weights or cache. */
  readonly copyBytes: number;
  /** A graph of `operations` that take turns with `copies` of weights or cache. */
  build(tensors: DeviceTensors, copies: number, operations: number): Promise<PeerGraph>;
  /** Label of an f32 candidate that must be right for this one to be trusted: f16 hides small mistakes. */
  readonly witness?: string;
  /** What to do instead where the results are wrong. */
  fallback?(): Candidate;
}

export const floatTypes = { f32: 'float32', f16: 'float16' } as const satisfies Record<
  Scalar,
  FloatType
>;

/** Adds the output `done`: the first column of `result`, which has dims [1, rows, columns] or [rows, columns]. */
export async function addDone(
  graph: GraphBuilder,
  tensors: DeviceTensors,
  result: string,
  float: FloatType,
  leading: readonly number[],
): Promise<Tensor> {
  const dims = [...leading, 1];
  graph.slice('done', result, leading.length, 0, 1);
  graph.output('done', float, dims);
  return tensors.upload(float, new Float32Array(leading.reduce((a, b) => a * b, 1)), dims);
}

/** All weights of a graph as they lie in its external data file. */
export async function weightBytes(graph: GraphBuilder): Promise<Uint8Array> {
  const bytes = new Uint8Array(graph.dataBytes);
  for (const { offset, data } of graph.weights) {
    let at = offset;
    for await (const chunk of data.chunks()) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
  }
  return bytes;
}
