import { GraphBuilder } from '../../model/onnx/graph.ts';
import {
  type Feeds,
  type KvCache,
  type KvShape,
  kvDims,
  kvNames,
  SharedKvCache,
} from './kv-cache.ts';
import { type InferenceSession, loadRuntime, type Tensor } from './runtime.ts';

/** A graph whose outputs are zero-filled tensors of the cache's shape, one a key or value. */
function allocatorGraph(shape: KvShape): Uint8Array {
  const graph = new GraphBuilder();
  const dims = kvDims(shape, 0);
  const size = graph.input('shape', 'int64', [4]);
  const zero = graph.constant('zero', shape.float, [1, 1, 1, 1], [0]);
  for (const { past } of kvNames(shape.config)) {
    graph.node(past, 'Expand', [zero, size]);
    graph.output(past, shape.float, [dims[0], dims[1], 'length', dims[3]]);
  }
  return graph.encode('kv-cache', '');
}

/**
 * A cache in device buffers that the WebGPU provider works on in place.
 *
 * The Node binding offers no way to allocate a device tensor, but it takes one as input and as output
 * wherever it came from, and all sessions of a process share one WebGPU device. So a small session with
 * device-resident outputs makes the buffers, and the decoder's session, which has none, is given them as both
 * past and present. (With device-resident outputs of its own, the decoder would allocate and copy the whole
 * cache in each run.)
 */
export async function createDeviceKvCache(
  shape: KvShape,
  length: number,
  options: InferenceSession.SessionOptions,
): Promise<KvCache> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const names = kvNames(shape.config);
  const allocator = await InferenceSession.create(allocatorGraph(shape), {
    ...options,
    preferredOutputLocation: Object.fromEntries(names.map(({ past }) => [past, 'gpu-buffer'])),
  });
  const dims = BigInt64Array.from(kvDims(shape, length), BigInt);
  const made = await allocator.run({ shape: new Tensor('int64', dims, [4]) });
  const tensors = names.map(({ past }) => made[past] as Tensor);
  const release = (results: Feeds): void => {
    // A run wraps each buffer anew; dropping the wrapper leaves the buffer alone.
    for (const { present } of names) results[present]?.dispose();
  };
  const free = async (): Promise<void> => {
    for (const tensor of tensors) tensor.dispose();
    await allocator.release();
  };
  return new SharedKvCache(shape, length, tensors, release, free);
}
