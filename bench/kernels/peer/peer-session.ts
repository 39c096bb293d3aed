import { engineOf } from '../../../src/backends/ort/engines.ts';
import { ortError } from '../../../src/backends/ort/errors.ts';
import type { Feeds, Fetches } from '../../../src/backends/ort/kv-cache.ts';
import {
  type InferenceSession,
  loadRuntime,
  type Tensor,
} from '../../../src/backends/ort/runtime.ts';
import { sessionOptions } from '../../../src/backends/ort/session-options.ts';
import { fromFloat16Array } from '../../../src/model/float16.ts';
import type { PeerGraph } from './candidate.ts';

const WEIGHTS_FILE = 'weights.bin';

/** Options of every session here: the engine's own, and no merging of operations that look the same. */
export function peerOptions(): InferenceSession.SessionOptions {
  return sessionOptions(engineOf('ort-webgpu'), [
    'ConstantFolding',
    'CommonSubexpressionElimination',
  ]);
}

/** A graph of repeated operations, loaded. Nothing travels from the host when it runs. */
export class PeerSession {
  readonly operations: number;
  readonly #session: InferenceSession;
  readonly #graph: PeerGraph;

  private constructor(session: InferenceSession, graph: PeerGraph) {
    this.#session = session;
    this.#graph = graph;
    this.operations = graph.operations;
  }

  /** Takes over the graph's tensors, also when it fails. Throws `engine`, `out-of-memory`. */
  static async open(
    graph: PeerGraph,
    more: InferenceSession.SessionOptions = {},
  ): Promise<PeerSession> {
    const { InferenceSession } = await loadRuntime();
    try {
      const session = await InferenceSession.create(
        graph.graph.encode('operations', WEIGHTS_FILE),
        {
          ...peerOptions(),
          ...more,
          externalData:
            graph.weights.length > 0 ? [{ path: WEIGHTS_FILE, data: graph.weights }] : [],
        },
      );
      return new PeerSession(session, graph);
    } catch (error) {
      disposeTensors(graph);
      throw ortError('ONNX Runtime cannot load the operation', error);
    }
  }

  /** Starts a run of all operations and does not wait for it. */
  async enqueue(): Promise<void> {
    await this.#run({ done: this.#graph.done });
  }

  /** Runs all operations; they and everything started before are done when it returns. */
  async finish(): Promise<void> {
    await this.#run({ done: null });
  }

  /** The result of the last operation, row-major. */
  async output(): Promise<Float32Array> {
    const { results } = this.#graph;
    const wanted = Object.fromEntries(results.map((name) => [name, null]));
    const got = await this.#run(wanted);
    const parts = results.map((name) => toFloats(got[name]));
    const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** Ends ONNX Runtime's profile of the session, which must have been opened with one. */
  endProfiling(): void {
    this.#session.endProfiling();
  }

  async dispose(): Promise<void> {
    await this.#session.release();
    disposeTensors(this.#graph);
  }

  async #run(fetches: Fetches): Promise<Feeds> {
    const { feeds, resident } = this.#graph;
    const asked: Fetches = { ...resident, ...fetches };
    try {
      const results = (await this.#session.run(feeds, asked)) as Feeds;
      // A run wraps each buffer that it was given anew; dropping the wrapper leaves the buffer alone.
      for (const [name, given] of Object.entries(asked)) if (given) results[name]?.dispose();
      return results;
    } catch (error) {
      throw ortError('ONNX Runtime cannot run the operation', error);
    }
  }
}

function disposeTensors({ feeds, done }: PeerGraph): void {
  for (const tensor of [...Object.values(feeds), done]) tensor.dispose();
}

/** Float16 data is an array of bits, or of numbers where JavaScript has Float16Array. */
function toFloats(tensor: Tensor | undefined): Float32Array {
  const data = tensor?.data;
  if (data instanceof Float32Array) return data;
  return data instanceof Uint16Array
    ? fromFloat16Array(data)
    : Float32Array.from(data as Iterable<number>);
}
