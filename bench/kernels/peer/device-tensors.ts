import {
  type InferenceSession,
  loadRuntime,
  type Tensor,
} from '../../../src/backends/ort/runtime.ts';
import { toFloat16Array } from '../../../src/model/float16.ts';
import { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import type { FloatType } from '../../../src/model/onnx/weight-data.ts';

/** out = x, made by an operator that no optimizer takes for a copy of its input. */
function copyGraph(float: FloatType, rank: number): Uint8Array {
  const graph = new GraphBuilder();
  const dims = Array.from({ length: rank }, (_, i) => `d${i}`);
  graph.input('x', float, dims);
  graph.input('shape', 'int64', [rank]);
  graph.node('out', 'Expand', ['x', 'shape']);
  graph.output('out', float, dims);
  return graph.encode('upload', '');
}

/**
 * Makes tensors in the WebGPU provider's memory. The Node binding has no call for it; the outputs of a small
 * session stay there when asked to, and all sessions of a process share one device.
 */
export class DeviceTensors {
  readonly #options: InferenceSession.SessionOptions;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(options: InferenceSession.SessionOptions) {
    this.#options = { ...options, preferredOutputLocation: 'gpu-buffer' };
  }

  /** A tensor of these values, rounded to `float`, to be disposed of before this. */
  async upload(float: FloatType, values: Float32Array, dims: readonly number[]): Promise<Tensor> {
    const { Tensor } = await loadRuntime();
    const session = await this.#session(float, dims.length);
    const typed = float === 'float16' ? toFloat16Array(values) : values;
    const { out } = await session.run({
      x: new Tensor(float, typed, dims),
      shape: new Tensor('int64', BigInt64Array.from(dims, BigInt), [dims.length]),
    });
    return out as Tensor;
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #session(float: FloatType, rank: number): Promise<InferenceSession> {
    const key = `${float} ${rank}`;
    const session = this.#sessions.get(key) ?? this.#open(float, rank);
    this.#sessions.set(key, session);
    return session;
  }

  async #open(float: FloatType, rank: number): Promise<InferenceSession> {
    const { InferenceSession } = await loadRuntime();
    return InferenceSession.create(copyGraph(float, rank), this.#options);
  }
}
