import { beforeAll, describe, expect, it } from 'vitest';
import { WEIGHT_FORMATS, type WeightFormat } from '../../src/core/cell.ts';
import { writePacked } from '../../src/model/pack.ts';
import type { PlaneName } from '../../src/model/packed.ts';
import { openPackedFile } from '../../src/model/packed-file.ts';
import { CHECKSUM_BYTES } from '../../src/model/packed-layout.ts';
import { quantise } from '../../src/model/quantise.ts';
import { openSafetensors } from '../../src/model/safetensors.ts';
import { PREFIX_BYTES } from '../../src/model/safetensors-header.ts';
import type { ModelSource } from '../../src/model/source.ts';
import { openSynthetic } from '../../src/model/synthetic.ts';
import { tensorShapes } from '../../src/model/tensors.ts';
import { memorySink, memorySource } from '../support/memory-files.ts';
import { packInMemory } from '../support/packed-model.ts';

const presets = ['test-odd', 'test-gqa7', 'test-qknorm', 'test-mha-untied'] as const;
const planeNames = ['data', 'codes', 'scales'] as const satisfies readonly PlaneName[];

async function packed(source: ModelSource, weights: WeightFormat): Promise<Uint8Array> {
  const sink = memorySink();
  await writePacked(source, weights, sink);
  return sink.bytes;
}

const open = (bytes: Uint8Array, options: { sha256?: string; weights?: WeightFormat } = {}) =>
  openPackedFile(memorySource(bytes), { name: 'm', ...options });

/** The same file with its header text changed; the length stays. */
function editHeader(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const json = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
  if (!json.includes(from)) throw new Error(`no ${from} in the header`);
  const edited = new TextEncoder().encode(json.replace(from, to.padEnd(from.length)));
  const out = bytes.slice();
  out.set(edited.subarray(0, length), PREFIX_BYTES);
  return out;
}

describe.each(WEIGHT_FORMATS)('%s', (weights) => {
  it.each(presets)('holds every plane of %s as it was quantised', async (preset) => {
    const source = await openSynthetic(`synthetic:${preset}`);
    const model = await open(await packed(source, weights), { sha256: source.sha256, weights });
    const expected = await packInMemory(source, weights);
    expect(model).toMatchObject({
      name: 'm',
      sha256: source.sha256,
      config: source.config,
      weights,
    });
    expect([...model.tensors]).toEqual([...expected.tensors]);
    for (const { name, format } of model.tensors.values()) {
      const planes = format === 'f32' || format === 'f16' ? ['data'] : ['codes', 'scales'];
      for (const plane of planeNames.filter((one) => planes.includes(one))) {
        const bytes = await model.read(name, plane);
        expect(bytes.byteLength).toBe(model.planeBytes(name, plane));
        expect(Buffer.from(bytes).equals(await expected.read(name, plane))).toBe(true);
      }
    }
  });

  it('is the same file each time', async () => {
    const source = await openSynthetic('synthetic:test-odd');
    expect(Buffer.from(await packed(source, weights)).equals(await packed(source, weights))).toBe(
      true,
    );
  });
});

it('keeps norms, biases and an untied table out of quantisation', async () => {
  const untied = await open(await packed(await openSynthetic('synthetic:test-mha-untied'), 'int4'));
  const formats = [...untied.tensors.values()].map(({ name, format }) => [name, format]);
  expect(Object.fromEntries(formats)).toMatchObject({
    embed: 'f16',
    head: 'int4',
    finalNorm: 'f16',
    'layers.0.attnNorm': 'f16',
    'layers.0.q': 'int4',
  });
  const biased = await open(await packed(await openSynthetic('synthetic:test-gqa7'), 'int8'));
  expect(biased.tensors.get('layers.0.qBias')).toMatchObject({ format: 'f16', rows: 1 });
  expect(biased.tensors.get('embed')).toMatchObject({ format: 'int8' });
  expect(biased.tensors.has('head')).toBe(false);
});

it('names the tensor and row of a weight that the format cannot hold', async () => {
  const source = await openSynthetic('synthetic:test-odd');
  const bad: ModelSource = {
    ...source,
    async readRows(tensor, firstRow, rowCount) {
      const rows = await source.readRows(tensor, firstRow, rowCount);
      if (tensor === 'layers.1.o') rows[0] = 1e6;
      return rows;
    },
  };
  await expect(packed(bad, 'f16')).rejects.toThrow(/layers.1.o: Weight 1000000 at row 0, column 0/);
});

it('passes on what the sink throws', async () => {
  const source = await openSynthetic('synthetic:test-odd');
  const full = { name: 'full', write: () => Promise.reject(new Error('disk full')) };
  await expect(writePacked(source, 'int4', full)).rejects.toThrow('disk full');
});

describe('a packed file', () => {
  let source: ModelSource;
  let bytes: Uint8Array;
  beforeAll(async () => {
    source = await openSynthetic('synthetic:test-odd');
    bytes = await packed(source, 'int4');
  });

  it('is a safetensors file with a plane per tensor', async () => {
    const file = await openSafetensors(memorySource(bytes));
    expect(file.tensors.get('layers.0.down.codes')).toMatchObject({
      dtype: 'U8',
      shape: [72, 6, 16],
    });
    expect(file.tensors.get('layers.0.down.scales')).toMatchObject({
      dtype: 'F16',
      shape: [72, 6],
    });
    for (const text of ['config', 'checksums']) JSON.parse(file.metadata.get(text) ?? '');
  });

  it('fails wherever a byte of any plane is changed', async () => {
    const { tensors } = await openSafetensors(memorySource(bytes));
    for (const [name, { offset, bytes: length }] of tensors) {
      const changed = bytes.slice();
      changed[offset + length - 1] = (changed[offset + length - 1] ?? 0) ^ 1;
      const model = await open(changed);
      const dot = name.lastIndexOf('.');
      const plane = planeNames.find((one) => one === name.slice(dot + 1)) ?? 'data';
      const tensor = name.slice(0, dot);
      await expect(model.read(tensor, plane)).rejects.toMatchObject({ code: 'model' });
      await expect(model.read(tensor, plane, 0, 1)).rejects.toThrow(/checksum/);
      const other = tensor === 'embed' ? 'finalNorm' : 'embed';
      await model.read(other, other === 'embed' ? 'codes' : 'data');
    }
  });

  it.each<[string, (whole: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['zeros', (whole) => new Uint8Array(whole.byteLength)],
    ['half of it', (whole) => whole.slice(0, whole.byteLength / 2)],
    ['all but a byte', (whole) => whole.slice(0, -1)],
    ['a zeroed header', (whole) => whole.slice().fill(0, 0, 64)],
    ['another version', (whole) => editHeader(whole, '"packing":"1"', '"packing":"0"')],
    ['another format', (whole) => editHeader(whole, 'mtok-packed', 'mtok-puzzle')],
    ['a bad checksum list', (whole) => editHeader(whole, '\\"embed.codes\\"', '\\"embed.cades\\"')],
    ['another shape', (whole) => editHeader(whole, '\\"layers\\":2', '\\"layers\\":3')],
    [
      'layers without end',
      (whole) =>
        editHeader(
          whole,
          '\\"hiddenDim\\":172,\\"layers\\":2',
          '\\"hiddenDim\\":17,\\"layers\\":9e9',
        ),
    ],
    ['a config that is none', (whole) => editHeader(whole, '\\"vocab\\":509', '\\"vocab\\":"x"')],
    ['a plane of another dtype', (whole) => editHeader(whole, '{"dtype":"U8"', '{"dtype":"I8"')],
  ])('is refused when it holds %s', async (_, change) => {
    const memory = memorySource(change(bytes));
    await expect(openPackedFile(memory, { name: 'm' })).rejects.toMatchObject({ code: 'model' });
    expect(memory.closed).toBe(true);
  });

  it('is refused when it is not what was asked for', async () => {
    await expect(open(bytes, { weights: 'int8' })).rejects.toThrow(
      /holds int4 weights, int8 expected/,
    );
    await expect(open(bytes, { sha256: 'a'.repeat(64) })).rejects.toThrow(/packed from source/);
  });

  it('refuses planes and ranges that are not there', async () => {
    const model = await open(bytes);
    const end = model.planeBytes('embed', 'codes');
    await expect(model.read('embed', 'data')).rejects.toThrow(/no plane data of embed/);
    await expect(model.read('head', 'codes')).rejects.toThrow(/no plane codes of head/);
    await expect(model.read('embed', 'codes', 1, end)).rejects.toThrow(/which has/);
    await expect(model.read('embed', 'codes', end + 1)).rejects.toThrow(/which has/);
    expect((await model.read('embed', 'codes', end)).byteLength).toBe(0);
  });
});

describe('a plane of several pieces', () => {
  const rows = 2048;
  const cols = 1536; // f32: 12 MiB, three pieces
  let file: Uint8Array;
  let expected: Uint8Array;
  beforeAll(async () => {
    const synthetic = await openSynthetic('synthetic:test-odd');
    const config = {
      ...synthetic.config,
      vocab: rows,
      dim: cols,
      hiddenDim: 32,
      layers: 1,
      heads: 1,
      kvHeads: 1,
    };
    const columns = new Map(tensorShapes(config).map((shape) => [shape.name, shape.cols]));
    const source: ModelSource = {
      ...synthetic,
      config,
      async readRows(tensor, first, count) {
        const width = columns.get(tensor) ?? 0;
        return Float32Array.from({ length: count * width }, (_, i) => first * width + i);
      },
    };
    const all = Float32Array.from({ length: rows * cols }, (_, i) => i);
    expected = quantise('f32', all, rows, cols).data ?? new Uint8Array();
    file = await packed(source, 'f32');
  });

  it.each([
    [0, 12 * 2 ** 20],
    [1, 10],
    [CHECKSUM_BYTES - 4, 8],
    [CHECKSUM_BYTES, CHECKSUM_BYTES],
    [5, 2 * CHECKSUM_BYTES + 1],
    [12 * 2 ** 20 - 1, 1],
  ])('gives the bytes from %i, %i of them', async (offset, length) => {
    const model = await open(file);
    const bytes = await model.read('embed', 'data', offset, length);
    expect(Buffer.from(bytes).equals(expected.subarray(offset, offset + length))).toBe(true);
    // Once more, now that the pieces are known to be good.
    const again = await model.read('embed', 'data', offset, length);
    expect(Buffer.from(again).equals(bytes)).toBe(true);
  });

  it('is read in part only as far as it must be checked', async () => {
    const memory = memorySource(file);
    const model = await openPackedFile(memory, { name: 'm' });
    memory.reads.length = 0;
    await model.read('embed', 'data', CHECKSUM_BYTES + 100, 50);
    await model.read('embed', 'data', CHECKSUM_BYTES + 200, 50);
    expect(memory.reads.map(([, length]) => length)).toEqual([CHECKSUM_BYTES, 50]);
  });

  it('fails in the piece that is damaged and nowhere else', async () => {
    const { tensors } = await openSafetensors(memorySource(file));
    const at = (tensors.get('embed.data')?.offset ?? 0) + CHECKSUM_BYTES + 7;
    const changed = file.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    const model = await open(changed);
    await model.read('embed', 'data', 0, CHECKSUM_BYTES);
    await expect(model.read('embed', 'data', CHECKSUM_BYTES - 1, 2)).rejects.toThrow(
      /checksum of embed.data/,
    );
    await model.read('embed', 'data', 2 * CHECKSUM_BYTES);
  });
});
