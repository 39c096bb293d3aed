import type { WeightFormat } from '../core/cell.ts';
import { BenchError, invariant } from '../core/errors.ts';
import type { PackedTensor, PlaneName } from './packed.ts';
import { CHECKSUM_BYTES, checksumCount, packedTensors, planesOf } from './packed-layout.ts';
import { encodeMetadata, type PackedMetadata } from './packed-metadata.ts';
import { quantise } from './quantise.ts';
import {
  type ByteSink,
  createSafetensorsWriter,
  type SafetensorsWriter,
} from './safetensors-writer.ts';
import { sha256Hex } from './sha256.ts';
import type { ModelSource } from './source.ts';

/** Weights that are in memory as f32 at once: 16 MiB. */
const CHUNK_WEIGHTS = 4 * 1024 * 1024;

/**
 * Collects the bytes of one plane, in order, and passes them on in checksummed pieces. Hashing and writing a
 * piece go on in the background while the next one fills.
 */
class PlaneWriter {
  readonly checksums: string[] = [];
  readonly #writer: SafetensorsWriter;
  readonly #name: string;
  readonly #pieceBytes: number;
  #piece: Uint8Array;
  #filled = 0;
  #written = 0;
  #inFlight: Promise<void> = Promise.resolve();

  constructor(writer: SafetensorsWriter, name: string, bytes: number) {
    this.#writer = writer;
    this.#name = name;
    this.#pieceBytes = Math.min(bytes, CHECKSUM_BYTES);
    this.#piece = new Uint8Array(this.#pieceBytes);
  }

  async append(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const taken = rest.subarray(0, this.#pieceBytes - this.#filled);
      this.#piece.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#filled === this.#pieceBytes) await this.#flush();
    }
  }

  /** Writes what is left and waits for everything to be written. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#inFlight;
  }

  async #flush(): Promise<void> {
    await this.#inFlight;
    if (this.#filled === 0) return;
    const bytes = this.#piece.subarray(0, this.#filled);
    const offset = this.#written;
    this.#piece = new Uint8Array(this.#pieceBytes);
    this.#filled = 0;
    this.#written += bytes.byteLength;
    this.#inFlight = this.#send(offset, bytes);
    // Reported by whoever waits for it next; until then it must not count as unhandled.
    this.#inFlight.catch(() => {});
  }

  async #send(offset: number, bytes: Uint8Array): Promise<void> {
    const [checksum] = await Promise.all([
      sha256Hex(bytes),
      this.#writer.write(this.#name, offset, bytes),
    ]);
    this.checksums.push(checksum);
  }
}

/** quantise(), with the tensor named in the error. */
function pack(tensor: PackedTensor, values: Float32Array, firstRow: number, rows: number) {
  try {
    return quantise(tensor.format, values, rows, tensor.cols);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    const where = firstRow === 0 ? tensor.name : `${tensor.name} from row ${firstRow} on`;
    throw new BenchError(error.code, `${where}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

async function packTensor(
  source: ModelSource,
  tensor: PackedTensor,
  writer: SafetensorsWriter,
  checksums: Map<string, readonly string[]>,
): Promise<void> {
  const writers = new Map<PlaneName, PlaneWriter>();
  for (const { plane, name, bytes } of planesOf(tensor)) {
    const planeWriter = new PlaneWriter(writer, name, bytes);
    writers.set(plane, planeWriter);
    checksums.set(name, planeWriter.checksums);
  }
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_WEIGHTS / tensor.cols));
  for (let first = 0; first < tensor.rows; first += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, tensor.rows - first);
    const values = await source.readRows(tensor.name, first, rows);
    const planes = pack(tensor, values, first, rows);
    for (const [plane, planeWriter] of writers) {
      const bytes = planes[plane];
      invariant(bytes, `${tensor.format} rows have no plane ${plane}`);
      await planeWriter.append(bytes);
    }
  }
  await Promise.all([...writers.values()].map((planeWriter) => planeWriter.finish()));
}

/**
 * Quantises a model into a packed file (a safetensors file; see packed.ts and packed-metadata.ts), a few MiB
 * at a time. The bytes depend on source and format alone. Throws `model` for weights that the format
 * cannot hold, and what reading and writing throw.
 */
export async function writePacked(
  source: ModelSource,
  weights: WeightFormat,
  sink: ByteSink,
): Promise<void> {
  const tensors = packedTensors(source.config, weights);
  const planes = tensors.flatMap(planesOf);
  const metadata: PackedMetadata = {
    sha256: source.sha256,
    weights,
    config: source.config,
    checksums: new Map(
      planes.map(({ name, bytes }) => [name, Array(checksumCount(bytes)).fill('0'.repeat(64))]),
    ),
  };
  const writer = createSafetensorsWriter(sink, planes, encodeMetadata(metadata));
  const checksums = new Map<string, readonly string[]>();
  for (const tensor of tensors) await packTensor(source, tensor, writer, checksums);
  await writer.finish(encodeMetadata({ ...metadata, checksums }));
}
