import { BenchError } from '../../src/core/errors.ts';
import type { ByteSource } from '../../src/core/host.ts';
import type { ByteSink } from '../../src/model/safetensors-writer.ts';

/** Bytes in memory as a source; `reads` lists what was asked for as [offset, length]. */
export function memorySource(
  bytes: Uint8Array,
  name = 'test.safetensors',
): ByteSource & { reads: [number, number][]; closed: boolean } {
  return {
    name,
    size: bytes.byteLength,
    reads: [],
    closed: false,
    async read(offset, length) {
      this.reads.push([offset, length]);
      if (offset + length > bytes.byteLength) throw new BenchError('io', `${name} is too short`);
      return bytes.slice(offset, offset + length);
    },
    async close() {
      this.closed = true;
    },
  };
}

/** A file in memory that grows as it is written. */
export function memorySink(): ByteSink & { bytes: Uint8Array } {
  return {
    name: 'memory',
    bytes: new Uint8Array(0),
    async write(offset, part) {
      if (offset + part.byteLength > this.bytes.byteLength) {
        const grown = new Uint8Array(offset + part.byteLength);
        grown.set(this.bytes);
        this.bytes = grown;
      }
      this.bytes.set(part, offset);
    },
  };
}
