import { describe, expect, it } from 'vitest';
import { predictions } from '../../src/backends/ort/predictions.ts';
import { loadRuntime, type Tensor } from '../../src/backends/ort/runtime.ts';
import { fromFloat16Array, toFloat16Array } from '../../src/model/float16.ts';
import { addArgMax, addGroupedArgMax, argMaxGroup } from '../../src/model/onnx/argmax.ts';
import { buildDecoder, type DecoderOptions } from '../../src/model/onnx/decoder.ts';
import { ioNames } from '../../src/model/onnx/decoder-io.ts';
import { GraphBuilder, type WeightData } from '../../src/model/onnx/graph.ts';
import { dataTypes } from '../../src/model/onnx/schema.ts';
import {
  blockCodes,
  blockScales,
  denseRows,
  denseTransposed,
} from '../../src/model/onnx/weight-data.ts';
import { dequantise } from '../../src/model/quantise.ts';
import { decodeModel } from '../support/onnx.ts';
import { packSynthetic } from '../support/packed-model.ts';

async function bytesOf(data: WeightData): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of data.chunks()) parts.push(chunk);
  const bytes = new Uint8Array(Buffer.concat(parts));
  expect(bytes.byteLength).toBe(data.bytes);
  return bytes;
}

const floats = async (data: WeightData) => new Float32Array((await bytesOf(data)).buffer);

const options: DecoderOptions = {
  float: 'float32',
  output: 'tokens',
  batch: 1,
  positions: 16,
  packQkv: false,
  groupArgMax: false,
  expandInt8: false,
};

describe('an encoded graph', () => {
  const graph = new GraphBuilder();
  const data: WeightData = {
    bytes: 12,
    async *chunks() {
      yield new Uint8Array(12);
    },
  };
  graph.input('x', 'float16', [1, 'rows']);
  graph.weight('w', 'float32', [3], data);
  graph.weight('v', 'uint8', [12], data);
  graph.weight('w', 'float32', [3], data);
  graph.copy('w2', 'w');
  graph.copy('w2', 'w');
  graph.constant('c', 'int64', [2], [-1, 2 ** 53 - 1]);
  graph.node('n', 'Op', ['x', '', 'w'], {
    domain: 'com.microsoft',
    attributes: { i: -3, f: { float: 0.5 }, s: 'text', list: [1, 2] },
    outputs: ['y', '', 'z'],
  });
  graph.output('y', 'int32', []);
  const model = decodeModel(graph.encode('g', 'data.bin'));

  it('keeps nodes, attributes and types', () => {
    const [node] = model.graph.node;
    expect(node).toMatchObject({ name: 'n', opType: 'Op', domain: 'com.microsoft' });
    expect(node?.input).toEqual(['x', '', 'w']);
    expect(node?.output).toEqual(['y', '', 'z']);
    expect(node?.attribute).toMatchObject([
      { name: 'i', type: 2, i: -3 },
      { name: 'f', type: 1, f: 0.5 },
      { name: 's', type: 3 },
      { name: 'list', type: 7, ints: [1, 2] },
    ]);
    expect(model.graph.input[0]?.type.tensorType).toMatchObject({
      elemType: dataTypes.float16,
      shape: { dim: [{ dimValue: 1 }, { dimParam: 'rows' }] },
    });
    expect(model.opsetImport).toEqual([{ version: 21 }, { domain: 'com.microsoft', version: 1 }]);
  });

  it('places each weight once, on a page of its own, and copies where it is', () => {
    const places = model.graph.initializer.map(({ name, externalData }) => [
      name,
      ...(externalData ?? []).map(({ value }) => value),
    ]);
    expect(places).toEqual([
      ['c'],
      ['w', 'data.bin', '0', '12'],
      ['v', 'data.bin', '4096', '12'],
      ['w2', 'data.bin', '0', '12'],
    ]);
    expect(graph.dataBytes).toBe(8192);
    expect(() => graph.copy('c2', 'c')).toThrow('no weight');
  });

  it('keeps large integers of constants', () => {
    const raw = model.graph.initializer[0]?.rawData;
    expect(new BigInt64Array(new Uint8Array(raw ?? []).buffer)).toEqual(
      BigInt64Array.of(-1n, 2n ** 53n - 1n),
    );
  });
});

describe('weights for ONNX', () => {
  const shape = { rows: 172, cols: 72 };

  it.each(['int8', 'int4'] as const)(
    '%s codes and scales stand for the same numbers',
    async (format) => {
      const model = await packSynthetic('synthetic:test-odd', format);
      const codes = await bytesOf(blockCodes(model, ['layers.0.gate']));
      const scales = await floats(blockScales(model, ['layers.0.gate'], 'float32'));
      const values = new Float32Array(shape.rows * shape.cols);
      // w = (q − zero point) · s, MatMulNBits' definition
      for (let i = 0; i < values.length; i++) {
        const row = Math.floor(i / shape.cols);
        const col = i % shape.cols;
        const element = (row * 3 + Math.floor(col / 32)) * 32 + (col % 32);
        const pair = codes[format === 'int4' ? element >> 1 : element] ?? 0;
        const code = format === 'int8' ? pair - 128 : (element % 2 ? pair >> 4 : pair & 15) - 8;
        values[i] = code * (scales[row * 3 + Math.floor(col / 32)] ?? 0);
      }
      expect(values).toEqual(await floats(denseRows(model, ['layers.0.gate'], 'float32')));
    },
  );

  it.each(['f32', 'f16', 'int8', 'int4'] as const)('%s matrices are transposed', async (format) => {
    const model = await packSynthetic('synthetic:test-odd', format);
    const names = ['layers.0.q', 'layers.0.k', 'layers.0.v'];
    const transposed = await floats(denseTransposed(model, names, 'float32'));
    const rows = await floats(denseRows(model, names, 'float32'));
    const total = rows.length / 72;
    const back = rows.map(
      (_, i) => transposed[(i % 72) * total + Math.floor(i / 72)] ?? Number.NaN,
    );
    expect(back).toEqual(rows);
  });

  it('f16 weights are exact in either type', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'f16');
    const data = await model.read('layers.1.o', 'data');
    const expected = dequantise('f16', { data }, 72, 72);
    expect(await floats(denseRows(model, ['layers.1.o'], 'float32'))).toEqual(expected);
    const half = await bytesOf(denseRows(model, ['layers.1.o'], 'float16'));
    expect(fromFloat16Array(new Uint16Array(half.buffer))).toEqual(expected);
  });
});

describe('the decoder graph', () => {
  it('shares the quantised table of a tied model between embedding and LM head', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    const { graph } = decodeModel(buildDecoder(model, options).encode('g', 'w'));
    const users = graph.node.filter(({ input }) => input.includes('embed.scales'));
    expect(users.map(({ opType }) => opType)).toEqual(['GatherBlockQuantized', 'MatMulNBits']);
    expect(graph.initializer.filter(({ name }) => name === 'embed.codes')).toHaveLength(1);
  });

  it('reads every packed tensor', async () => {
    for (const preset of ['test-gqa7', 'test-qknorm', 'test-mha-untied']) {
      const model = await packSynthetic(`synthetic:${preset}`, 'int8');
      const { graph } = decodeModel(buildDecoder(model, options).encode('g', 'w'));
      const names = new Set(
        graph.initializer.map(({ name }) => name.replace(/\.(codes|scales)$/, '')),
      );
      expect([...model.tensors.keys()].filter((name) => !names.has(name))).toEqual([]);
    }
  });
});

describe('argmax', () => {
  it('splits a vocabulary near its root, or not at all', () => {
    expect([1024, 32000, 128256, 151936].map(argMaxGroup)).toEqual([32, 160, 334, 128]);
    expect(argMaxGroup(509)).toBe(1);
  });

  it.each(['plain', 'grouped'] as const)(
    '%s: ONNX Runtime and the host find the first largest',
    async (kind) => {
      const vocab = 96;
      const graph = new GraphBuilder();
      const logits = graph.input('logits', 'float32', [1, 2, vocab]);
      if (kind === 'plain') addArgMax(graph, logits, 2);
      else addGroupedArgMax(graph, logits, 2, vocab, 8, 'float32');
      const { InferenceSession, Tensor } = await loadRuntime();
      const session = await InferenceSession.create(graph.encode('g', ''));
      const values = Float32Array.from({ length: 2 * vocab }, (_, i) => Math.sin(i) - 2);
      for (const place of [41, 43, 77, vocab + 90]) values[place] = 3;
      const results = await session.run({ logits: new Tensor('float32', values, [1, 2, vocab]) });
      expect(predictions(results as Record<string, Tensor>, 2, vocab)).toEqual(
        Int32Array.of(41, 90),
      );
      await session.release();
    },
  );

  it('reads group maxima in f16', async () => {
    const { Tensor } = await loadRuntime();
    const results = {
      [ioNames.tokens]: new Tensor('int64', BigInt64Array.of(3n, 1n), [1, 2]),
      [ioNames.groupMax]: new Tensor('float16', toFloat16Array(Float32Array.of(-1, 2)), [1, 2]),
    };
    expect(predictions(results, 1, 8)).toEqual(Int32Array.of(5));
  });
});
