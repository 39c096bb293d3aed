import { z } from 'zod';
import { BenchError } from '../core/errors.ts';
import type { ByteSource } from '../core/host.ts';
import { openSafetensors, type SafetensorsFile } from './safetensors.ts';

/** The files of one model directory, wherever they lie; `file` is a name without folders. */
export interface ModelFiles {
  /** Base name of the directory. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** Random access; throws `model` when the file is missing, `io` when it cannot be read. */
  open(file: string): Promise<ByteSource>;
  /** SHA-256 (hex) of a whole file. */
  sha256(file: string): Promise<string>;
}

/** The weight files of a model as one: every tensor's name and the open file it is in. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, SafetensorsFile>;
  /** All files the weights come from, index included, in a fixed order. */
  readonly fileNames: readonly string[];
  close(): Promise<void>;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_SHARDS = 2048;

/** Parsed text of a JSON file of the directory. Throws `model` when it is too large or no JSON. */
export async function readJson(files: ModelFiles, file: string): Promise<unknown> {
  const source = await files.open(file);
  try {
    if (source.size > MAX_JSON_BYTES) {
      throw new BenchError(
        'model',
        `${source.name}: ${source.size} bytes, at most ${MAX_JSON_BYTES} expected`,
      );
    }
    const text = new TextDecoder().decode(await source.read(0, source.size));
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    throw new BenchError('model', `${source.name}: not valid JSON`, { cause });
  } finally {
    await source.close();
  }
}

const indexSchema = z.object({ weight_map: z.unknown() });
/** A shard's name comes from a file: it must stay inside the directory. */
const shardName = z
  .string()
  .max(255)
  .regex(/^[\w.-]+\.safetensors$/);

async function readIndex(files: ModelFiles): Promise<Map<string, string>> {
  const where = `${files.name}/${INDEX}`;
  const index = indexSchema.safeParse(await readJson(files, INDEX));
  const entries = index.success ? index.data.weight_map : undefined;
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw new BenchError('model', `${where}: no weight_map of tensor names to files`);
  }
  const shardOf = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(entries)) {
    const parsed = shardName.safeParse(shard);
    if (!parsed.success) {
      const got = JSON.stringify(shard)?.slice(0, 120);
      throw new BenchError('model', `${where}: ${got} is no name of a .safetensors file beside it`);
    }
    shardOf.set(tensor, parsed.data);
  }
  return shardOf;
}

async function openShards(files: ModelFiles): Promise<Checkpoint> {
  const shardOf = await readIndex(files);
  const shards = [...new Set(shardOf.values())].sort();
  if (shards.length > MAX_SHARDS) {
    throw new BenchError(
      'model',
      `${files.name}/${INDEX}: ${shards.length} files, at most ${MAX_SHARDS}`,
    );
  }
  const opened = new Map<string, SafetensorsFile>();
  const close = async () => {
    await Promise.all([...opened.values()].map((file) => file.source.close()));
  };
  try {
    for (const shard of shards) opened.set(shard, await openFile(files, shard));
    const tensors = new Map<string, SafetensorsFile>();
    for (const [tensor, shard] of shardOf) {
      const file = opened.get(shard);
      if (!file?.tensors.has(tensor)) {
        throw new BenchError(
          'model',
          `${files.name}/${shard}: tensor ${tensor} of the index is not in it`,
        );
      }
      tensors.set(tensor, file);
    }
    return { tensors, fileNames: [INDEX, ...shards], close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFile(files: ModelFiles, file: string): Promise<SafetensorsFile> {
  const source = await files.open(file);
  try {
    return await openSafetensors(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens `model.safetensors`, or all the files that `model.safetensors.index.json` names. Throws `model`, `io`. */
export async function openCheckpoint(files: ModelFiles): Promise<Checkpoint> {
  if (await files.has(SINGLE)) {
    const file = await openFile(files, SINGLE);
    const tensors = new Map([...file.tensors.keys()].map((tensor) => [tensor, file]));
    return { tensors, fileNames: [SINGLE], close: () => file.source.close() };
  }
  if (await files.has(INDEX)) return openShards(files);
  throw new BenchError('model', `${files.name}: no ${SINGLE} and no ${INDEX}`, {
    hint: 'Weights must be in safetensors; convert pickled (.bin, .pth) or GGUF files first.',
  });
}
