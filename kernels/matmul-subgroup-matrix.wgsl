// matmul-subgroup-matrix — y[m, n] = Σ_k x[m, k]·W[n, k] for many rows m (prefill) on matrix units
//
// in     x elem[rows, X_STRIDE] (zero from K to the next multiple of 32), W[N, K] through `weights`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   [rows / BM, N / BN]: a workgroup makes a BM × BN tile, each of its SGM × SGN subgroups a part of it;
//        along the rows first, so that workgroups that run together read the same W
// cost   bytes |W| + rows·(K + N)·|elem| at least, flops 2·rows·N·K: bound by the matrix units or by expanding W
// needs  matrix units that multiply MM×MK by MK×MN into f32, through `mma`; subgroups of one size, LANES;
//        BM a multiple of SGM·MM, BN of SGN·MN, BK of 32 and of MK;
//        STAGES·(BM + BN)·(BK·PART_BYTES + 16) + 4·SGM·SGN·MM·MN bytes of workgroup memory; any K, N, rows ≥ 1.
//        With f16 operands x and the expanded W are rounded to f16 (2⁻¹¹ relative, x clamped to
//        ±65504); products are exact and sums are f32
// why    x is rounded and W expanded once a tile on their way to workgroup memory, the next tile's global loads
//        are on their way while this one is multiplied; rows are padded by 16 bytes, which spreads them over the
//        banks. STAGES = 2 saves a barrier a tile for twice the memory. Elements of a matrix cannot be
//        accessed, so results go through workgroup memory to `out`, MM × MN at a time
const WG: u32 = SGM * SGN * LANES;
const STRIDE: u32 = BK / 4u + 4u / PART_BYTES;
const STAGE: u32 = (BM + BN) * STRIDE;
// K as rows of x and W are filled up.
const FILLED: u32 = (K + 31u) / 32u * 32u;
const TILES: u32 = (FILLED + BK - 1u) / BK;
// Matrices of a subgroup's part of the tile.
const FM: u32 = BM / SGM / MM;
const FN: u32 = BN / SGN / MN;
// vec4s of x that a thread loads a tile.
const X_VECS: u32 = BM * BK / 4u;
const X_LOADS: u32 = (X_VECS + WG - 1u) / WG;
// Grains of W that a thread loads a tile; where there are fewer than threads, several threads share one.
const W_GRAINS: u32 = BN * BK / GRAIN;
const SPARE: u32 = WG / W_GRAINS;
const SHARE: u32 = min(select(select(select(1u, 2u, SPARE >= 2u), 4u, SPARE >= 4u), 8u, SPARE >= 8u), GRAIN_VECS);
const W_VECS: u32 = GRAIN_VECS / SHARE;
const W_LOADS: u32 = (W_GRAINS * SHARE + WG - 1u) / WG;

var<workgroup> parts: array<vec4<Part>, STAGES * STAGE>;
var<workgroup> sums: array<vec4f, SGM * SGN * MM * MN / 4u>;

// A tile on its way from global to workgroup memory.
struct Fetched {
  x: array<vec4<Part>, X_LOADS>,
  codes: array<vec4u, W_LOADS>,
  scales: array<f32, W_LOADS>,
}

// The last tile may reach past the end of the rows: there x counts as zero, and what is loaded of W does not matter.
fn is_within(k: u32) -> bool {
  return FILLED % BK == 0u || k < FILLED;
}

fn fetch(held: ptr<function, Fetched>, thread: u32, m0: u32, n0: u32, k0: u32, rows: u32) {
  for (var i = 0u; i < X_LOADS; i++) {
    let v = min(i * WG + thread, X_VECS - 1u);
    let m = min(m0 + v / (BK / 4u), rows - 1u);
    let k = k0 + v % (BK / 4u) * 4u;
    let values = vec4f(x[(m * X_STRIDE + min(k, FILLED - 4u)) / 4u]);
    held.x[i] = to_part(select(vec4f(), values, is_within(k)));
  }
  for (var i = 0u; i < W_LOADS; i++) {
    let g = min((i * WG + thread) / SHARE, W_GRAINS - 1u);
    let n = min(n0 + g / (BK / GRAIN), N - 1u);
    let grain = min(k0 / GRAIN + g % (BK / GRAIN), GRAINS - 1u);
    held.codes[i] = load_codes(n, grain);
    held.scales[i] = grain_scale(n, grain);
  }
}

fn stash(held: ptr<function, Fetched>, thread: u32, stage: u32) {
  for (var i = 0u; i < X_LOADS; i++) {
    let v = i * WG + thread;
    if (v < X_VECS) {
      parts[stage * STAGE + v / (BK / 4u) * STRIDE + v % (BK / 4u)] = held.x[i];
    }
  }
  for (var i = 0u; i < W_LOADS; i++) {
    let g = (i * WG + thread) / SHARE;
    if (g < W_GRAINS) {
      let first = (i * WG + thread) % SHARE * W_VECS;
      let at = stage * STAGE + (BM + g / (BK / GRAIN)) * STRIDE + g % (BK / GRAIN) * GRAIN_VECS + first;
      for (var v = 0u; v < W_VECS; v++) {
        parts[at + v] = vec4<Part>(code_vec(held.codes[i], first + v) * held.scales[i]);
      }
    }
  }
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = row_count();
  let m0 = group.x * BM;
  let n0 = group.y * BN;
  // Where this subgroup's part of the tile begins.
  let part_m = subgroup / SGN * (FM * MM);
  let part_n = subgroup % SGN * (FN * MN);
  var held: Fetched;
  var left: array<Left, FM>;
  var acc: array<Result, FM * FN>;

  fetch(&held, thread, m0, n0, 0u, rows);
  stash(&held, thread, 0u);
  workgroupBarrier();
  for (var tile = 0u; tile < TILES; tile++) {
    let has_next = tile + 1u < TILES;
    if (has_next) {
      fetch(&held, thread, m0, n0, (tile + 1u) * BK, rows);
    }
    let stage = tile % STAGES * STAGE;
    for (var k = 0u; k < BK / 4u; k += MK / 4u) {
      for (var i = 0u; i < FM; i++) {
        left[i] = load_left(stage + (part_m + i * MM) * STRIDE + k, STRIDE);
      }
      for (var j = 0u; j < FN; j++) {
        let right = load_right(stage + (BM + part_n + j * MN) * STRIDE + k, STRIDE);
        for (var i = 0u; i < FM; i++) {
          acc[i * FN + j] = mma(left[i], right, acc[i * FN + j]);
        }
      }
    }
    if (STAGES == 1u) {
      workgroupBarrier();
    }
    if (has_next) {
      stash(&held, thread, (tile + 1u) % STAGES);
    }
    workgroupBarrier();
  }

  let strip = subgroup * (MM * MN / 4u);
  for (var i = 0u; i < FM; i++) {
    for (var j = 0u; j < FN; j++) {
      store_result(strip, MN / 4u, acc[i * FN + j]);
      workgroupBarrier();
      for (var v = lane; v < MM * MN / 4u; v += LANES) {
        let values = sums[strip + v];
        let m = m0 + part_m + i * MM + v / (MN / 4u);
        let n = n0 + part_n + j * MN + v % (MN / 4u) * 4u;
        if (m < rows && n < N) {
          emit_pair(m, n, values.x, values.y);
          if (n + 2u < N) {
            emit_pair(m, n + 2u, values.z, values.w);
          }
        }
      }
      workgroupBarrier();
    }
  }
}
