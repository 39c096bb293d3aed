import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { openSafetensors, readRows } from '../../src/model/safetensors.ts';
import { createSafetensorsWriter } from '../../src/model/safetensors-writer.ts';
import { memorySink, memorySource } from '../support/memory-files.ts';
import { floatBytes, safetensorsBytes, withHeader } from '../support/model-directory.ts';

const open = (bytes: Uint8Array) => openSafetensors(memorySource(bytes));

const two = {
  a: { dtype: 'F32', shape: [2, 3], data: floatBytes([1, 2, 3, 4, 5, 6]) },
  b: { dtype: 'BF16', shape: [3], data: floatBytes([1, -3, 0.5], 'BF16') },
};

/** An entry of one f32 at these offsets. */
function entry(begin: number, end: number, more: object = {}) {
  return { dtype: 'F32', shape: [1], data_offsets: [begin, end], ...more };
}

function file(header: object, dataBytes: number): Uint8Array {
  return withHeader(JSON.stringify(header), [new Uint8Array(dataBytes)]);
}

function lengthPrefix(length: bigint, rest = 2): Uint8Array {
  const bytes = Buffer.alloc(8 + rest, '{}');
  bytes.writeBigUInt64LE(length);
  return new Uint8Array(bytes);
}

describe('openSafetensors', () => {
  it('finds tensors and metadata', async () => {
    const bytes = safetensorsBytes(two, (header) => {
      header.__metadata__ = { format: 'pt' };
    });
    const { tensors, metadata } = await open(bytes);
    expect([...metadata]).toEqual([['format', 'pt']]);
    expect([...tensors.keys()]).toEqual(['a', 'b']);
    expect(tensors.get('b')).toMatchObject({ dtype: 'BF16', shape: [3], bytes: 6 });
    expect(tensors.get('b')?.offset).toBe(bytes.byteLength - 6);
  });

  it('accepts scalars, empty tensors and a file of none', async () => {
    const empty = { dtype: 'F32', shape: [0, 4], data: new Uint8Array() };
    const scalar = { dtype: 'F32', shape: [], data: floatBytes([7]) };
    const opened = await open(safetensorsBytes({ empty, scalar }));
    expect([...(await readRows(opened, 'scalar', 0, 1))]).toEqual([7]);
    expect((await open(withHeader('{}'))).tensors.size).toBe(0);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /not a safetensors file: 0 bytes/],
    ['less than a length', new Uint8Array(7), /not a safetensors file/],
    ['an absurd length', lengthPrefix(2n ** 63n), /claims 9223372036854775808 bytes, at most/],
    ['a length over the limit', lengthPrefix(100_000_001n), /at most 100000000 allowed/],
    ['a length beyond the file', lengthPrefix(3n), /claims 3 bytes, the file has 10/],
    ['a length of zero', lengthPrefix(0n), /not valid JSON/],
    ['no JSON', withHeader('{"a":'), /not valid JSON/],
    ['bytes that are no text', withHeader('{"a\ud800":1}').fill(0xff, 10, 12), /not valid JSON/],
    ['a list', withHeader('[]'), /not a JSON object/],
    ['null', withHeader('null'), /not a JSON object/],
    ['a tensor that is no object', file({ a: 3 }, 0), /tensor "a"/],
    ['an unknown dtype', file({ a: entry(0, 4, { dtype: 'Q4' }) }, 4), /tensor "a": dtype/],
    ['a dtype that only objects have', file({ a: entry(0, 4, { dtype: 'toString' }) }, 4), /dtype/],
    ['a negative dimension', file({ a: entry(0, 4, { shape: [-1] }) }, 4), /shape/],
    ['a fraction of a dimension', file({ a: entry(0, 4, { shape: [0.5] }) }, 4), /shape/],
    [
      'a shape beyond all bounds',
      file({ a: entry(0, 4, { shape: [2 ** 40, 2 ** 40] }) }, 4),
      /takes/,
    ],
    ['too many dimensions', file({ a: entry(0, 4, { shape: Array(99).fill(1) }) }, 4), /shape/],
    ['offsets that shrink', file({ a: entry(4, 0) }, 4), /offsets 4…0/],
    ['shape and offsets apart', file({ a: entry(0, 8) }, 8), /takes 4 bytes, offsets 0…8 span 8/],
    ['overlapping tensors', file({ a: entry(0, 4), b: entry(0, 4) }, 4), /"b" .*overlaps/],
    ['partly overlapping', file({ a: entry(0, 4), b: entry(2, 6) }, 6), /overlaps/],
    ['a gap', file({ a: entry(0, 4), b: entry(8, 12) }, 12), /leaves a gap/],
    ['a gap at the start', file({ a: entry(4, 8) }, 8), /leaves a gap/],
    ['a truncated file', file({ a: entry(0, 4) }, 3), /truncated/],
    ['stray bytes at the end', file({ a: entry(0, 4) }, 5), /stray bytes/],
    ['metadata that is no object', file({ __metadata__: [] }, 0), /__metadata__/],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }, 0), /__metadata__\.a/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(message);
    await expect(open(bytes)).rejects.toMatchObject({ code: 'model' });
  });

  it('treats __proto__ as a name like any other', async () => {
    const text = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const { tensors } = await open(withHeader(text, [new Uint8Array(4)]));
    expect([...tensors.keys()]).toEqual(['__proto__']);
    const nested = '{"a":{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}';
    await expect(open(withHeader(nested, [new Uint8Array(4)]))).rejects.toThrow(/tensor "a"/);
    expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
  });

  it('asks for the header before anything is read of it', async () => {
    const source = memorySource(lengthPrefix(99_999_999n));
    await expect(openSafetensors(source)).rejects.toThrow(BenchError);
    expect(source.reads).toEqual([[0, 8]]);
  });

  it('meets any bytes with a coded error or a sound answer', async () => {
    const valid = safetensorsBytes(two);
    const mutated = fc
      .array(fc.tuple(fc.nat(valid.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((edits) => {
        const bytes = valid.slice();
        for (const [at, value] of edits) bytes[at] = value;
        return bytes;
      });
    const json = fc.json({ maxDepth: 4 }).map((text) => withHeader(text));
    const headers = fc
      .dictionary(
        fc.string(),
        fc.record({
          dtype: fc.constantFrom('F32', 'U8', 'F64', 'X'),
          shape: fc.array(fc.oneof(fc.nat(4), fc.double()), { maxLength: 3 }),
          data_offsets: fc.array(fc.oneof(fc.nat(32), fc.double()), { maxLength: 3 }),
        }),
      )
      .map((header) => file(header, 16));
    const raw = fc.uint8Array({ maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, json, headers, raw), async (bytes) => {
        try {
          const { tensors } = await open(bytes);
          for (const { offset, bytes: length } of tensors.values()) {
            expect(offset).toBeGreaterThanOrEqual(8);
            expect(offset + length).toBeLessThanOrEqual(bytes.byteLength);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(BenchError);
          expect(error).toMatchObject({ code: 'model' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readRows', () => {
  it('reads just the rows asked for', async () => {
    const source = memorySource(safetensorsBytes(two));
    const opened = await openSafetensors(source);
    source.reads.length = 0;
    expect([...(await readRows(opened, 'a', 1, 1))]).toEqual([4, 5, 6]);
    expect(source.reads).toEqual([[(opened.tensors.get('a')?.offset ?? 0) + 12, 12]]);
  });

  it.each(['F32', 'F16', 'BF16'])('reads %s from an odd place in the file', async (dtype) => {
    const data = {
      F32: floatBytes([1.5, -2]),
      F16: new Uint8Array(Uint16Array.of(0x3e00, 0xc000).buffer),
      BF16: floatBytes([1.5, -2], 'BF16'),
    }[dtype];
    if (!data) throw new Error(dtype);
    const bytes = safetensorsBytes({
      odd: { dtype: 'U8', shape: [1], data: new Uint8Array(1) },
      x: { dtype, shape: [2, 1], data },
    });
    // The whole file in one buffer, so that views into it start where the tensors do.
    const source = {
      ...memorySource(bytes),
      read: async (o: number, n: number) => bytes.subarray(o, o + n),
    };
    const opened = await openSafetensors(source);
    expect([...(await readRows(opened, 'x', 0, 2))]).toEqual([1.5, -2]);
  });

  it('refuses other dtypes, unknown tensors and rows that are not there', async () => {
    const f64 = { dtype: 'F64', shape: [1], data: floatBytes([1], 'F64') };
    const opened = await open(safetensorsBytes({ ...two, f64 }));
    await expect(readRows(opened, 'f64', 0, 1)).rejects.toThrow(/f64 is F64, F32, F16, BF16/);
    await expect(readRows(opened, 'c', 0, 1)).rejects.toThrow(/no tensor c/);
    await expect(readRows(opened, 'a', 1, 2)).rejects.toThrow(/rows 1…3 of a/);
    await expect(readRows(opened, 'a', -1, 1)).rejects.toThrow(/rows/);
  });
});

describe('createSafetensorsWriter', () => {
  const tensors = [
    { name: 'x', dtype: 'U8', shape: [5] },
    { name: 'y', dtype: 'F32', shape: [1, 2] },
  ] as const;

  it('writes a file that reads back, in any order of writing', async () => {
    const sink = memorySink();
    const writer = createSafetensorsWriter(sink, tensors, new Map([['sum', '????']]));
    await writer.write('y', 0, floatBytes([1, 2]));
    await writer.write('x', 3, Uint8Array.of(4, 5));
    await writer.write('x', 0, Uint8Array.of(1, 2, 3));
    await writer.finish(new Map([['sum', 'abcd']]));
    const opened = await open(sink.bytes);
    expect([...opened.metadata]).toEqual([['sum', 'abcd']]);
    expect([...(await readRows(opened, 'y', 0, 1))]).toEqual([1, 2]);
    const x = opened.tensors.get('x');
    expect([...sink.bytes.slice(x?.offset, (x?.offset ?? 0) + 5)]).toEqual([1, 2, 3, 4, 5]);
    expect((x?.offset ?? 1) % 64).toBe(0);
  });

  it('leaves nothing valid before it is finished', async () => {
    const sink = memorySink();
    const writer = createSafetensorsWriter(sink, tensors, new Map());
    await writer.write('x', 0, new Uint8Array(5));
    await writer.write('y', 0, new Uint8Array(8));
    await expect(open(sink.bytes)).rejects.toThrow(BenchError);
  });

  it('refuses what was not announced', async () => {
    const writer = createSafetensorsWriter(memorySink(), tensors, new Map());
    await expect(writer.write('z', 0, new Uint8Array(1))).rejects.toThrow(/no tensor z/);
    await expect(writer.write('x', 4, new Uint8Array(2))).rejects.toThrow(/which has 5/);
    await expect(writer.finish(new Map([['a', 'b'.repeat(200)]]))).rejects.toThrow(/grew/);
  });
});
