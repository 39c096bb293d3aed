import { type Dims, defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Causal attention of many new tokens in tiles of queries and keys; needs no optional feature. */
export const attentionTiled = defineKernel({
  name: 'attention-tiled',
  source: new URL('./attention-tiled.wgsl', import.meta.url),
  slots: ['kv'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qStride'],
  tunables: { bq: 32, bk: 32, tm: 4, depth: 16, values: 4 },
  space: {
    bq: [16, 32, 64, 128],
    bk: [16, 32, 64],
    tm: [2, 4, 8],
    depth: [16, 32, 64],
    values: [4, 8, 16],
  },
  fits(tunables, dims, limits) {
    const { bk = 32, values = 4, depth = 16 } = tunables;
    const threads = threadsOf(tunables);
    const columns = (dims.headDim ?? 4) / 4;
    return (
      values <= bk &&
      depth < columns * 4 + 16 && // no chunk without columns
      threads >= 16 &&
      threads <= limits.maxComputeInvocationsPerWorkgroup &&
      workgroupBytes(tunables, dims) <= limits.maxComputeWorkgroupStorageSize
    );
  },
  binds: {
    state: uniformState(),
    q: read('vec4<elem>', '[rows, Q_STRIDE]'),
    y: write('vec4<elem>', '[rows, Q_STRIDE]'),
  },
  workgroup: threadsOf,
  grid: ({ heads = 1, kvHeads = 1, seq = 1, batch = 1 }, { bq = 32 }) => [
    Math.ceil((seq * heads) / kvHeads / bq),
    kvHeads,
    batch,
  ],
});

function threadsOf({ bq = 32, bk = 32, tm = 4 }: Dims): number {
  return (bq / tm) * (bk / 4);
}

/** Bytes of the kernel's three arrays in workgroup memory. */
function workgroupBytes(tunables: Dims, { headDim = 4 }: Dims): number {
  const { bq = 32, bk = 32, depth = 16, values = 4 } = tunables;
  const scores = (bq + bk) * (depth / 4 + 1);
  const products = bq * (bk / 4 + 1) + (values * headDim) / 4;
  return Math.max(scores, products) * 16 + (bq + 1) * bk + bq * 8;
}
