import { type Dims, defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Causal attention of a prefill on the adapter's matrix units; the queries of a group share keys and values. */
export const attentionSubgroupMatrix = defineKernel({
  name: 'attention-subgroup-matrix',
  source: new URL('./attention-subgroup-matrix.wgsl', import.meta.url),
  slots: ['mma', 'kv'],
  dims: [
    ...['heads', 'kvHeads', 'headDim', 'capacity', 'qStride', 'lanes'],
    ...['mm', 'mn', 'mk', 'partBytes'],
  ],
  tunables: { sgs: 4, bk: 32 },
  space: { sgs: [1, 2, 4, 8], bk: [16, 32, 64] },
  fits,
  binds: {
    state: uniformState(),
    q: read('vec4<elem>', '[rows, Q_STRIDE]'),
    y: write('vec4<elem>', '[rows, Q_STRIDE]'),
  },
  workgroup: ({ sgs = 4 }, { lanes = 32 }) => sgs * lanes,
  grid: ({ heads = 1, kvHeads = 1, seq = 1, batch = 1, mm = 16 }, { sgs = 4 }) => [
    Math.ceil((seq * heads) / kvHeads / (mm * sgs)),
    kvHeads,
    batch,
  ],
  needs: ['subgroups'],
});

function fits(
  { sgs = 4, bk = 32 }: Dims,
  { lanes = 32, headDim = 64, mm = 16, mn = 16, mk = 16, partBytes = 2 }: Dims,
  limits: GPUSupportedLimits,
): boolean {
  const threads = sgs * lanes;
  const tile = Math.max(bk, sgs * mm) * (headDim * partBytes + 16);
  const weights = sgs * mm * (bk * partBytes + 16);
  const strips = sgs * mm * (bk + 4) * 4;
  return (
    headDim % mk === 0 &&
    headDim % mn === 0 &&
    bk % mk === 0 &&
    bk % mn === 0 &&
    tile + weights + strips + sgs * 4 <= limits.maxComputeWorkgroupStorageSize &&
    threads <= limits.maxComputeInvocationsPerWorkgroup &&
    threads <= limits.maxComputeWorkgroupSizeX
  );
}
