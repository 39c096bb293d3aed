import { z } from 'zod';
import { BenchError } from '../core/errors.ts';

/** Element sizes in bytes of the number formats the file format knows; we compute with few of them. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bytes before the JSON text: its length as u64. */
export const PREFIX_BYTES = 8;
export const MAX_HEADER_BYTES = 100_000_000;

const byteCount = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.object({
  dtype: z.enum(Object.keys(DTYPE_BYTES) as [Dtype, ...Dtype[]]),
  shape: z.array(byteCount).max(16),
  data_offsets: z.tuple([byteCount, byteCount]),
});

function fail(where: string, message: string, cause?: unknown): never {
  throw new BenchError('model', `${where}: ${message}`, {
    hint: 'The file is damaged or was not downloaded completely; fetch it again.',
    cause,
  });
}

/** Length of the JSON text from the first 8 bytes, checked before anything is allocated for it. */
export function headerLength(prefix: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < PREFIX_BYTES || prefix.byteLength < PREFIX_BYTES) {
    fail(where, `not a safetensors file: ${fileBytes} bytes, at least ${PREFIX_BYTES} expected`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    fail(where, `safetensors header claims ${length} bytes, at most ${MAX_HEADER_BYTES} allowed`);
  }
  if (length > BigInt(fileBytes - PREFIX_BYTES)) {
    fail(where, `safetensors header claims ${length} bytes, the file has ${fileBytes}`);
  }
  return Number(length);
}

function parseObject(json: Uint8Array, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    fail(where, 'safetensors header is not valid JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fail(where, 'safetensors header is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function parseMetadata(value: unknown, where: string): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fail(where, 'safetensors __metadata__ is not an object');
  }
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(where, `safetensors __metadata__.${key} is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

/** Names come from the file: cut them before they go into a message. */
function shown(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}

function parseEntry(name: string, value: unknown, dataStart: number, where: string): TensorEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') || 'entry';
    fail(where, `tensor ${shown(name)}: ${path}: ${issue?.message ?? 'malformed'}`);
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const bytes = shape.reduce((product, dimension) => product * dimension, DTYPE_BYTES[dtype]);
  if (end < begin || end - begin !== bytes) {
    fail(
      where,
      `tensor ${shown(name)}: ${dtype} [${shape.join(', ')}] takes ${bytes} bytes, offsets ${begin}…${end} span ${end - begin}`,
    );
  }
  return { dtype, shape, offset: dataStart + begin, bytes };
}

/** Tensors must follow each other without gap or overlap and end where the file ends. */
function checkSpans(
  tensors: Map<string, TensorEntry>,
  dataStart: number,
  fileBytes: number,
  where: string,
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let position = dataStart;
  for (const [name, { offset, bytes }] of sorted) {
    if (offset !== position) {
      const what = offset < position ? 'overlaps the one before it' : 'leaves a gap before it';
      fail(where, `tensor ${shown(name)} at byte ${offset} ${what} (${position} expected)`);
    }
    position += bytes;
  }
  if (position !== fileBytes) {
    const what = position > fileBytes ? 'truncated' : 'followed by stray bytes';
    fail(where, `${what}: the header describes ${position} bytes, the file has ${fileBytes}`);
  }
}

/**
 * Parses and checks the JSON text of a safetensors header: known dtypes, shape × dtype equal to the span of the
 * offsets, spans that cover the data without overlap or gap. Throws `model`.
 */
export function parseHeader(json: Uint8Array, fileBytes: number, where: string): SafetensorsHeader {
  const dataStart = PREFIX_BYTES + json.byteLength;
  const tensors = new Map<string, TensorEntry>();
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(parseObject(json, where))) {
    if (name === '__metadata__') metadata = parseMetadata(value, where);
    else tensors.set(name, parseEntry(name, value, dataStart, where));
  }
  checkSpans(tensors, dataStart, fileBytes, where);
  return { tensors, metadata };
}
