import { invariant } from '../core/errors.ts';
import { DTYPE_BYTES, type Dtype, PREFIX_BYTES } from './safetensors-header.ts';

/** A file being written, at any position in any order. */
export interface ByteSink {
  /** Shown in error messages. */
  readonly name: string;
  /** Writes all bytes at `offset`; throws `io`. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
}

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

export interface SafetensorsWriter {
  /** Writes bytes of a tensor from `offset` within it. Ranges may come in any order. */
  write(tensor: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Writes the header, which makes the file valid; call last. */
  finish(metadata: ReadonlyMap<string, string>): Promise<void>;
}

/** Header JSON is padded with spaces so that the data starts at a multiple of this. */
const ALIGNMENT = 64;

function encodeHeader(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  const header = new Map<string, unknown>([['__metadata__', Object.fromEntries(metadata)]]);
  let position = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = position + tensorBytes({ name, dtype, shape });
    invariant(!header.has(name), `two tensors are named ${name}`);
    header.set(name, { dtype, shape, data_offsets: [position, end] });
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = Math.ceil((PREFIX_BYTES + json.byteLength) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(dataStart).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - PREFIX_BYTES), true);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

/** Bytes that a tensor's data takes. */
export function tensorBytes({ dtype, shape }: TensorToWrite): number {
  return shape.reduce((product, dimension) => product * dimension, DTYPE_BYTES[dtype]);
}

/**
 * Streams tensors of known shapes into a safetensors file. `draft` must encode to a header of the same length as
 * the final metadata (checksums not known yet are filled with as many other characters); until `finish` the
 * header is zero, so that a file left half-written is never valid.
 */
export function createSafetensorsWriter(
  sink: ByteSink,
  tensors: readonly TensorToWrite[],
  draft: ReadonlyMap<string, string>,
): SafetensorsWriter {
  const headerBytes = encodeHeader(tensors, draft).byteLength;
  const spans = new Map<string, { start: number; bytes: number }>();
  let position = headerBytes;
  for (const tensor of tensors) {
    spans.set(tensor.name, { start: position, bytes: tensorBytes(tensor) });
    position += tensorBytes(tensor);
  }
  return {
    async write(tensor, offset, bytes) {
      const span = spans.get(tensor);
      invariant(span, `no tensor ${tensor} was announced for ${sink.name}`);
      invariant(
        offset >= 0 && offset + bytes.byteLength <= span.bytes,
        `bytes ${offset}+${bytes.byteLength} of ${tensor}, which has ${span.bytes}`,
      );
      await sink.write(span.start + offset, bytes);
    },
    async finish(metadata) {
      const header = encodeHeader(tensors, metadata);
      invariant(
        header.byteLength === headerBytes,
        `header of ${sink.name} grew from ${headerBytes} to ${header.byteLength} bytes`,
      );
      await sink.write(0, header);
    },
  };
}
