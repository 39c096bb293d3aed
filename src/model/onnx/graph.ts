import { invariant } from '../../core/errors.ts';
import { toFloat16Array } from '../float16.ts';
import {
  type AttributeProto,
  attributeTypes,
  type DataType,
  dataTypes,
  elementBytes,
  encodeModel,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './schema.ts';

/** Bytes of a weight that go into the external data file, made chunk by chunk when it is written. */
export interface WeightData {
  readonly bytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** A weight with its place in the external data file. */
export interface PlacedWeight {
  readonly name: string;
  readonly offset: number;
  readonly data: WeightData;
}

/** Number: integer attribute; `{ float }` keeps 1 apart from 1.0. */
export type Attribute = number | string | number[] | { float: number };

export interface NodeOptions {
  domain?: 'com.microsoft';
  attributes?: Record<string, Attribute>;
  /** Names of the outputs; '' for one that is not wanted. Default: one output named like the node. */
  outputs?: string[];
}

/** Weights start on page boundaries, so that an engine can map the file instead of reading it. */
const ALIGNMENT = 4096;
const IR_VERSION = 10;
const OPSETS = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

function encodeAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string') {
    return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  }
  if (Array.isArray(value)) return { name, type: attributeTypes.ints, ints: value };
  return { name, type: attributeTypes.float, f: value.float };
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Collects nodes and initializers and writes them as one ONNX model with one external data file. */
export class GraphBuilder {
  readonly weights: PlacedWeight[] = [];
  private readonly nodes: NodeProto[] = [];
  private readonly constants: TensorProto[] = [];
  private readonly external: { tensor: TensorProto; place: PlacedWeight }[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly names = new Set<string>();
  private end = 0;

  /** Length of the external data file. */
  get dataBytes(): number {
    return this.end;
  }

  /** A string dimension is symbolic. Returns the name. */
  input(name: string, type: DataType, dims: (number | string)[]): string {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  output(name: string, type: DataType, dims: (number | string)[]): void {
    this.outputs.push(valueInfo(name, type, dims));
  }

  /** Adds a node called `name`; returns the name of its first output. */
  node(name: string, opType: string, input: string[], options: NodeOptions = {}): string {
    const { domain = '', attributes = {}, outputs = [name] } = options;
    const attribute = Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value));
    this.nodes.push({ name, opType, domain, input, output: outputs, attribute });
    return outputs[0] ?? name;
  }

  /** x[…, start:end, …] along one axis; a negative start counts from the end. */
  slice(name: string, x: string, axis: number, start: number, end: number): string {
    const input = [start, end, axis].map((value) =>
      this.constant(`int64.${value}`, 'int64', [1], [value]),
    );
    return this.node(name, 'Slice', [x, ...input]);
  }

  /** A small tensor kept in the model file itself; made once per name. */
  constant(name: string, type: DataType, dims: number[], values: number[]): string {
    if (this.claim(name)) {
      this.constants.push({
        name,
        dims,
        dataType: dataTypes[type],
        rawData: encodeValues(type, values),
      });
    }
    return name;
  }

  /** A tensor kept in the external data file; made once per name. */
  weight(name: string, type: DataType, dims: number[], data: WeightData): string {
    if (!this.claim(name)) return name;
    const expected = count(dims) * elementBytes[type];
    invariant(data.bytes === expected, `weight ${name} has ${data.bytes} bytes, not ${expected}`);
    const place = { name, offset: this.end, data };
    this.end = Math.ceil((this.end + data.bytes) / ALIGNMENT) * ALIGNMENT;
    this.weights.push(place);
    this.external.push({ tensor: { name, dims, dataType: dataTypes[type] }, place });
    return name;
  }

  /** Another initializer of the same bytes as the weight `of`, which an engine keeps apart. */
  copy(name: string, of: string): string {
    const original = this.external.find(({ tensor }) => tensor.name === of);
    invariant(original, `a copy of ${of}, which is no weight`);
    const { tensor, place } = original;
    if (this.claim(name)) this.external.push({ tensor: { ...tensor, name }, place });
    return name;
  }

  /** The `.onnx` bytes, with weights to be found in `dataFile` (a name relative to the model's folder). */
  encode(graphName: string, dataFile: string): Uint8Array {
    const external = this.external.map(({ tensor, place }) => ({
      ...tensor,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: dataFile },
        { key: 'offset', value: String(place.offset) },
        { key: 'length', value: String(place.data.bytes) },
      ],
    }));
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'mtok',
      opsetImport: OPSETS,
      graph: {
        name: graphName,
        node: this.nodes,
        initializer: [...this.constants, ...external],
        input: this.inputs,
        output: this.outputs,
      },
    });
  }

  private claim(name: string): boolean {
    if (this.names.has(name)) return false;
    this.names.add(name);
    return true;
  }
}

function valueInfo(name: string, type: DataType, dims: (number | string)[]): ValueInfoProto {
  const dim = dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: dataTypes[type], shape: { dim } } } };
}

function encodeValues(type: DataType, values: number[]): Uint8Array {
  if (type === 'int64') return new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  if (type === 'int32') return new Uint8Array(Int32Array.from(values).buffer);
  if (type === 'float16') {
    return new Uint8Array(toFloat16Array(Float32Array.from(values)).buffer);
  }
  invariant(type === 'float32', `no constants of type ${type}`);
  return new Uint8Array(Float32Array.from(values).buffer);
}
