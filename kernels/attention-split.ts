import { type Dims, defineKernel, read, uniformState } from '../src/gpu/kernel.ts';

/** Eight columns of a row, 16 bytes of f16: what a thread loads at once. */
const OCT = 8;
/** f32 that a thread may hold of queries and sums, so that they and what else it needs stay in registers. */
const MOST_HELD = 192;
/** What attention-split.wgsl calls MEETING. */
const MEETING_BYTES = 12288;

/** Attention of one new token a sequence, the positions dealt out over workgroups; see `attention-merge`. */
export const attentionSplit = defineKernel({
  name: 'attention-split',
  source: new URL('./attention-split.wgsl', import.meta.url),
  slots: ['kv', 'reduce', 'out'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qStride'],
  tunables: { wg: 128, lanes: 1, keys: 2, slices: 1, splits: 1 },
  space: {
    wg: [32, 128, 256],
    lanes: [1, 4, 8, 16, 32],
    keys: [1, 2, 4],
    slices: [1, 2, 4],
    splits: [1, 4, 16, 64],
  },
  fits({ wg = 128, lanes = 1, keys = 2, slices = 1 }, dims, limits) {
    const { heads = 1, kvHeads = 1, headDim = 8 } = dims;
    const group = heads / kvHeads;
    const octs = headDim / OCT;
    const held = heldFloats(dims, lanes, slices);
    const teamBytes = lanes * held * 2 + Math.ceil(group / slices) * 8;
    return (
      Number.isInteger(octs) &&
      slices <= group &&
      lanes <= wg &&
      wg <= limits.maxComputeInvocationsPerWorkgroup &&
      lanes < 2 * octs && // no lane without columns
      (keys === 1 || held <= MOST_HELD) && // beyond it, only the leanest
      Math.max(MEETING_BYTES + 1024, teamBytes) <= limits.maxComputeWorkgroupStorageSize
    );
  },
  binds: { state: uniformState(), q: read('vec4<elem>', '[batch, Q_STRIDE]') },
  workgroup: ({ wg = 128 }) => wg,
  grid: ({ kvHeads = 1, batch = 1 }, { slices = 1, splits = 1 }) => [
    splits * slices,
    kvHeads,
    batch,
  ],
});

/** f32 of queries and sums in a thread. */
function heldFloats({ heads = 1, kvHeads = 1, headDim = 8 }: Dims, lanes: number, slices: number) {
  const perLane = Math.ceil(headDim / OCT / lanes);
  return Math.ceil(heads / kvHeads / slices) * perLane * OCT * 2;
}
