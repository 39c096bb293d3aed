import { type Dims, defineKernel, read } from '../src/gpu/kernel.ts';

/** Matrix product for the many rows of a prefill, on the adapter's matrix units. */
export const matmulSubgroupMatrix = defineKernel({
  name: 'matmul-subgroup-matrix',
  source: new URL('./matmul-subgroup-matrix.wgsl', import.meta.url),
  slots: ['mma', 'weights', 'out', 'rows'],
  dims: [
    ...['k', 'n', 'xStride', 'yStride', 'yOffset', 'batch', 'lanes'],
    ...['mm', 'mn', 'mk', 'partBytes'],
  ],
  tunables: { bm: 64, bn: 64, bk: 32, sgm: 2, sgn: 2, stages: 1 },
  space: {
    bm: [16, 32, 64, 128],
    bn: [64, 128],
    bk: [32, 64],
    sgm: [1, 2, 4],
    sgn: [2, 4],
    stages: [1, 2],
  },
  fits,
  binds: { x: read('vec4<elem>', '[rows, X_STRIDE]') },
  workgroup: ({ sgm = 2, sgn = 2 }, { lanes = 32 }) => sgm * sgn * lanes,
  grid: ({ n = 1, rows = 1 }, { bm = 64, bn = 64 }) => [Math.ceil(rows / bm), Math.ceil(n / bn), 1],
  needs: ['subgroups'],
});

/** What a thread can hold of results in registers without spilling, in 32-bit words. */
const MOST_SUMS = 128;

function fits(
  { bm = 64, bn = 64, bk = 32, sgm = 2, sgn = 2, stages = 1 }: Dims,
  { lanes = 32, mm = 16, mn = 16, mk = 16, partBytes = 2 }: Dims,
  limits: GPUSupportedLimits,
): boolean {
  const threads = sgm * sgn * lanes;
  const rowBytes = bk * partBytes + 16;
  const bytes = stages * (bm + bn) * rowBytes + sgm * sgn * mm * mn * 4;
  return (
    bm % (sgm * mm) === 0 &&
    bn % (sgn * mn) === 0 &&
    bk % mk === 0 &&
    (bm * bn) / threads <= MOST_SUMS &&
    bytes <= limits.maxComputeWorkgroupStorageSize &&
    threads <= limits.maxComputeInvocationsPerWorkgroup &&
    threads <= limits.maxComputeWorkgroupSizeX
  );
}
