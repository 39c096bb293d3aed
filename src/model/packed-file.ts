import type { WeightFormat } from '../core/cell.ts';
import { BenchError, invariant } from '../core/errors.ts';
import type { ByteSource } from '../core/host.ts';
import type { PackedModel, PlaneName } from './packed.ts';
import {
  CHECKSUM_BYTES,
  checksumCount,
  type PlaneLayout,
  packedTensors,
  planesOf,
} from './packed-layout.ts';
import { decodeMetadata, type PackedMetadata } from './packed-metadata.ts';
import { openSafetensors, type SafetensorsFile } from './safetensors.ts';
import { sha256Hex } from './sha256.ts';

/** What the caller knows of the file it opens. */
export interface PackedFileOptions {
  /** Display name of the model. */
  name: string;
  /** Identity of the source that the file must have been packed from. */
  sha256?: string;
  weights?: WeightFormat;
}

/** Pieces read and checked at the same time, so that hashing overlaps reading. */
const PIECES_AT_ONCE = 4;

function damaged(where: string, message: string): BenchError {
  return new BenchError('model', `${where}: ${message}`, {
    hint: 'The packed file is damaged or was made by another version; delete it, it will be made again.',
  });
}

function checkIdentity(metadata: PackedMetadata, options: PackedFileOptions, where: string): void {
  const { sha256 = metadata.sha256, weights = metadata.weights } = options;
  if (metadata.sha256 !== sha256) {
    throw damaged(where, `packed from source ${metadata.sha256}, ${sha256} expected`);
  }
  if (metadata.weights !== weights) {
    throw damaged(where, `holds ${metadata.weights} weights, ${weights} expected`);
  }
}

function checkPlanes(
  file: SafetensorsFile,
  planes: readonly PlaneLayout[],
  metadata: PackedMetadata,
): void {
  const where = file.source.name;
  for (const { name, dtype, shape, bytes } of planes) {
    const entry = file.tensors.get(name);
    if (entry?.dtype !== dtype || entry.shape.join() !== shape.join()) {
      const got = entry ? `${entry.dtype} [${entry.shape.join(', ')}]` : 'missing';
      throw damaged(where, `plane ${name} is ${got}, ${dtype} [${shape.join(', ')}] expected`);
    }
    const hashes = metadata.checksums.get(name)?.length ?? 0;
    if (hashes !== checksumCount(bytes)) {
      throw damaged(
        where,
        `plane ${name} has ${hashes} checksums, ${checksumCount(bytes)} expected`,
      );
    }
  }
  if (file.tensors.size !== planes.length) {
    throw damaged(where, `${file.tensors.size} planes, ${planes.length} expected`);
  }
}

/** One plane in the file; every piece is checked the first time any of its bytes is given out. */
class Plane {
  readonly layout: PlaneLayout;
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #checksums: readonly string[];
  readonly #checked: boolean[] = [];

  constructor(layout: PlaneLayout, file: SafetensorsFile, metadata: PackedMetadata) {
    this.layout = layout;
    this.#source = file.source;
    this.#start = file.tensors.get(layout.name)?.offset ?? 0;
    this.#checksums = metadata.checksums.get(layout.name) ?? [];
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = offset + length;
    invariant(
      offset >= 0 && length >= 0 && end <= this.layout.bytes,
      `bytes ${offset}…${end} of ${this.layout.name}, which has ${this.layout.bytes}`,
    );
    const out = new Uint8Array(length);
    const firstPiece = Math.floor(offset / CHECKSUM_BYTES);
    const lastPiece = Math.ceil(end / CHECKSUM_BYTES);
    for (let piece = firstPiece; piece < lastPiece; piece += PIECES_AT_ONCE) {
      const count = Math.min(PIECES_AT_ONCE, lastPiece - piece);
      await Promise.all(
        Array.from({ length: count }, (_, i) => this.#readPiece(piece + i, offset, out)),
      );
    }
    return out;
  }

  /** Puts the part of a piece that lies in out's range (which starts at `offset` of the plane) into `out`. */
  async #readPiece(piece: number, offset: number, out: Uint8Array): Promise<void> {
    const pieceStart = piece * CHECKSUM_BYTES;
    const pieceEnd = Math.min(pieceStart + CHECKSUM_BYTES, this.layout.bytes);
    const from = Math.max(pieceStart, offset);
    const to = Math.min(pieceEnd, offset + out.byteLength);
    if (this.#checked[piece]) {
      out.set(await this.#source.read(this.#start + from, to - from), from - offset);
      return;
    }
    const bytes = await this.#source.read(this.#start + pieceStart, pieceEnd - pieceStart);
    if ((await sha256Hex(bytes)) !== this.#checksums[piece]) {
      throw damaged(
        this.#source.name,
        `checksum of ${this.layout.name} fails at bytes ${pieceStart}…${pieceEnd}`,
      );
    }
    this.#checked[piece] = true;
    out.set(bytes.subarray(from - pieceStart, to - pieceStart), from - offset);
  }
}

/**
 * Opens a packed file: version, identity and structure are checked here, the checksum of each piece of a plane
 * when it is first read. Takes over `source` and closes it, also on failure. Throws `model`, `io`.
 */
export async function openPackedFile(
  source: ByteSource,
  options: PackedFileOptions,
): Promise<PackedModel> {
  try {
    const file = await openSafetensors(source);
    const metadata = decodeMetadata(file.metadata);
    if (typeof metadata === 'string') throw damaged(source.name, `no packed model: ${metadata}`);
    checkIdentity(metadata, options, source.name);
    const tensors = packedTensors(metadata.config, metadata.weights);
    const layouts = tensors.flatMap(planesOf);
    checkPlanes(file, layouts, metadata);
    const planes = new Map(
      layouts.map((layout) => [layout.name, new Plane(layout, file, metadata)]),
    );
    const find = (tensor: string, plane: PlaneName) => {
      const found = planes.get(`${tensor}.${plane}`);
      invariant(found, `${options.name} has no plane ${plane} of ${tensor}`);
      return found;
    };
    return {
      name: options.name,
      sha256: metadata.sha256,
      config: metadata.config,
      weights: metadata.weights,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      planeBytes: (tensor, plane) => find(tensor, plane).layout.bytes,
      read: async (tensor, plane, offset = 0, length) => {
        const found = find(tensor, plane);
        return found.read(offset, length ?? found.layout.bytes - offset);
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}
