import { BenchError } from '../../core/errors.ts';

/** What allocation failures look like: of the engine, of our own arrays, of tensors beyond an adapter's limits. */
const OUT_OF_MEMORY =
  /bad_alloc|out[ _]of[ _]memory|failed to allocate|BFCArena|array buffer allocation|invalid typed array length|too many storage buffers|maxBufferSize/i;
const DEVICE_LOST = /device (was |is )?lost|DeviceLost|VK_ERROR_DEVICE_LOST/i;
const FAILED_NODE = /while running (\S+) node\. Name:'([^']*)' Status Message: ([\s\S]*)/;

/** What ONNX Runtime threw as BenchError: `what` says what was tried, the message names the node where it does. */
export function ortError(what: string, error: unknown): BenchError {
  if (error instanceof BenchError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [, operator, node, reason] = FAILED_NODE.exec(text) ?? [];
  const detail = node === undefined ? text : `node ${node} (${operator}): ${reason}`;
  const message = `${what}: ${detail.trim()}`;
  if (OUT_OF_MEMORY.test(text)) {
    return new BenchError('out-of-memory', message, {
      hint: 'Use fewer bits per weight, a smaller batch or a shorter context.',
      cause: error,
    });
  }
  if (DEVICE_LOST.test(text)) return new BenchError('device-lost', message, { cause: error });
  return new BenchError('engine', message, { cause: error });
}
