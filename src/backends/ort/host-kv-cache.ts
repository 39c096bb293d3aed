import type { FloatType } from '../../model/onnx/weight-data.ts';
import {
  elements,
  type Feeds,
  type Fetches,
  type KvCache,
  type KvShape,
  kvBytes,
  kvDims,
  kvNames,
  SharedKvCache,
} from './kv-cache.ts';
import { loadRuntime, type Tensor } from './runtime.ts';

type Values = Float32Array | Uint16Array;

function newValues(float: FloatType, count: number): Values {
  return float === 'float16' ? new Uint16Array(count) : new Float32Array(count);
}

/** A cache in our own memory that the CPU provider works on in place. */
export async function createHostKvCache(shape: KvShape, length: number): Promise<KvCache> {
  const { Tensor } = await loadRuntime();
  const dims = kvDims(shape, length);
  const tensors = kvNames(shape.config).map(
    () => new Tensor(shape.float, newValues(shape.float, elements(dims)), dims),
  );
  return new SharedKvCache(
    shape,
    length,
    tensors,
    () => {},
    async () => {},
  );
}

/** The first `length` of each head's tokens; `dims` is [1, heads, tokens, width]. */
function truncate(tensor: Tensor, length: number, float: FloatType, make: MakeTensor): Tensor {
  const [, heads = 0, tokens = 0, width = 0] = tensor.dims;
  if (tokens === length) return tensor;
  const from = tensor.data as Values;
  const to = newValues(float, heads * length * width);
  for (let head = 0; head < heads; head++) {
    const start = head * tokens * width;
    to.set(from.subarray(start, start + length * width), head * length * width);
  }
  return make(to, [1, heads, length, width]);
}

type MakeTensor = (values: Values, dims: number[]) => Tensor;

/** A cache of exactly the cached tokens, copied to the provider and back in each run. */
export async function createCopiedKvCache(shape: KvShape): Promise<KvCache> {
  const { Tensor } = await loadRuntime();
  const make: MakeTensor = (values, dims) => new Tensor(shape.float, values, dims);
  return new CopiedKvCache(shape, make);
}

class CopiedKvCache implements KvCache {
  private readonly shape: KvShape;
  private readonly make: MakeTensor;
  private readonly names: { past: string; present: string }[];
  private tensors: Tensor[];

  constructor(shape: KvShape, make: MakeTensor) {
    this.shape = shape;
    this.make = make;
    this.names = kvNames(shape.config);
    this.tensors = this.names.map(() => make(newValues(shape.float, 0), kvDims(shape, 0)));
  }

  get bytes(): number {
    return kvBytes(this.shape, this.tensors[0]?.dims[2] ?? 0);
  }

  feeds(position: number): Feeds {
    const { float } = this.shape;
    this.tensors = this.tensors.map((tensor) => truncate(tensor, position, float, this.make));
    return Object.fromEntries(this.names.map(({ past }, i) => [past, this.tensors[i] as Tensor]));
  }

  fetches(): Fetches {
    return Object.fromEntries(this.names.map(({ present }) => [present, null]));
  }

  accept(results: Feeds): void {
    this.tensors = this.names.map(({ present }, i) => {
      return results[present] ?? (this.tensors[i] as Tensor);
    });
  }

  async dispose(): Promise<void> {
    this.tensors = [];
  }
}
