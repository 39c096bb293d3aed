import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BenchError, toBenchError } from '../../core/errors.ts';
import { buildDecoder, type DecoderOptions } from '../../model/onnx/decoder.ts';
import type { GraphBuilder } from '../../model/onnx/graph.ts';
import type { PackedModel } from '../../model/packed.ts';

/** Part of every key: raise it when the same model and options would give other files. */
const EXPORT_VERSION = 1;
/** Rows of the rotary tables, so that sessions of all usual lengths share one file. */
const MIN_POSITIONS = 4096;

/** Rotary table length that serves sequences of `contextTokens`: a power of two. */
export function exportPositions(contextTokens: number): number {
  return Math.max(MIN_POSITIONS, 2 ** Math.ceil(Math.log2(contextTokens)));
}

export interface ExportedModel {
  /** Path of the `.onnx` file; its weights are beside it. */
  path: string;
  /** Bytes of all initializers in the data file. */
  weightBytes: number;
  /** Whether files had to be written; otherwise they were in the cache. */
  written: boolean;
}

function weightsKey(model: PackedModel, { float, positions, packQkv, expandInt8 }: DecoderOptions) {
  const key = [EXPORT_VERSION, model.sha256, model.weights, float, positions, packQkv, expandInt8];
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
}

/**
 * The model as ONNX files under `cacheDir`, written unless they are there. The weights are one data file
 * that graphs of any batch and output share; every file appears whole or not at all. Throws `io`.
 */
export async function exportModel(
  model: PackedModel,
  options: DecoderOptions,
  cacheDir: string,
): Promise<ExportedModel> {
  const folder = join(cacheDir, 'onnx', weightsKey(model, options));
  const graph = buildDecoder(model, options);
  const weightBytes = graph.weights.reduce((sum, { data }) => sum + data.bytes, 0);
  const dataPath = join(folder, 'weights.bin');
  let written = false;
  if ((await sizeOf(dataPath)) !== graph.dataBytes) {
    written = true;
    await writeWhole(dataPath, (file) => writeWeights(file, graph));
  }
  const path = join(folder, graphName(options));
  const bytes = graph.encode(model.name, basename(dataPath));
  if ((await sizeOf(path)) !== bytes.byteLength) {
    written = true;
    await writeWhole(path, (file) => writeFully(file, bytes, 0));
  }
  return { path, weightBytes, written };
}

function graphName({ output, batch, groupArgMax }: DecoderOptions): string {
  return `${output}-b${batch}${groupArgMax ? '-grouped' : ''}.onnx`;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

async function writeFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done, bytes.byteLength - done, offset + done)).bytesWritten;
  }
}

async function writeWeights(file: FileHandle, graph: GraphBuilder): Promise<void> {
  for (const { offset, data } of graph.weights) {
    let at = offset;
    for await (const chunk of data.chunks()) {
      await writeFully(file, chunk, at);
      at += chunk.byteLength;
    }
  }
  await file.truncate(graph.dataBytes);
}

/** Fills a temporary file beside `path` and renames it, so that two runs at once cannot see half a file. */
async function writeWhole(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof BenchError) throw error;
    throw new BenchError('io', `Cannot write ${path}: ${toBenchError(error).message}`, {
      hint: 'Is the disk full? Choose another folder for the cache with MTOK_CACHE.',
      cause: error,
    });
  }
}
