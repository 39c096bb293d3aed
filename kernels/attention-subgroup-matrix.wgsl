// attention-subgroup-matrix — y[r, h, :] = Σ_j softmax_j(q[r, h]·k[j] / √HEAD_DIM)·v[j] on matrix units
//
// in     q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// out    y elem[rows, Q_STRIDE], the sum over j ≤ position of row r
// grid   [seq·HEADS/KV_HEADS / (SGS·MM), KV_HEADS, batch]: each of a workgroup's SGS subgroups takes MM of the
//        queries that share keys
// cost   bytes length·2·HEAD_DIM·|kv|·KV_HEADS·batch·seq·HEADS/KV_HEADS/(SGS·MM) at worst; flops
//        4·rows·HEADS·length·HEAD_DIM, half of it without the tiles that causality leaves out
// needs  matrix units that multiply MM×MK by MK×MN into f32, through `mma`; subgroups of one size, LANES; LANES
//        and MM powers of two; HEAD_DIM and BK multiples of MK and of MN;
//        (max(BK, SGS·MM)·(HEAD_DIM·PART_BYTES + 16) + SGS·MM·(BK·PART_BYTES + 16 + 4·BK + 16)) bytes of workgroup
//        memory and a few more. With f16 operands q, k, v and the weights of a softmax are rounded to f16
//        (2⁻¹¹ relative, clamped to ±65504); scores, sums and results are f32
// why    keys and values of a tile are read once for all queries of a workgroup, tiles behind the last query are
//        skipped, and the next tile's loads are on their way while this one is multiplied. A softmax needs
//        elements of the scores, which matrices do not give, so scores go through a strip of workgroup memory,
//        a few lanes a row. Results stay in matrices: a row's weights are relative to a maximum that is only
//        moved when a score exceeds it by SLACK, and only then do results go through the strip to be rescaled
const WG: u32 = SGS * LANES;
const COLUMNS: u32 = HEAD_DIM / 4u;
const GROUP: u32 = HEADS / KV_HEADS;
const SCALE: f32 = inverseSqrt(f32(HEAD_DIM));
const LOWEST: f32 = -3.0e38;
// exp(SLACK) is far below the largest f16, and so is a weight.
const SLACK: f32 = 8.0;
const PAD: u32 = 4u / PART_BYTES;
const STRIDE: u32 = COLUMNS + PAD;
const WEIGHT_STRIDE: u32 = BK / 4u + PAD;
const STRIP_STRIDE: u32 = BK / 4u + 1u;
// A tile of keys or values, or at the beginning the queries; then the weights of the softmax.
const TILE_ROWS: u32 = max(BK, SGS * MM);
const WEIGHTS: u32 = TILE_ROWS * STRIDE;
const TILE_VECS: u32 = BK * COLUMNS;
const LOADS: u32 = (TILE_VECS + WG - 1u) / WG;
// Matrices along the head and along a tile's keys.
const HEAD_LEFTS: u32 = HEAD_DIM / MK;
const HEAD_RESULTS: u32 = HEAD_DIM / MN;
const TILE_LEFTS: u32 = BK / MK;
const TILE_RESULTS: u32 = BK / MN;
// Rows of a strip: ROWS_AT_ONCE are looked at side by side, ROW_LANES lanes each.
const ROWS_AT_ONCE: u32 = min(LANES, MM);
const ROW_LANES: u32 = LANES / ROWS_AT_ONCE;
const ROW_TURNS: u32 = MM / ROWS_AT_ONCE;

var<workgroup> parts: array<vec4<Part>, WEIGHTS + SGS * MM * WEIGHT_STRIDE>;
var<workgroup> sums: array<vec4f, SGS * MM * STRIP_STRIDE>;
var<workgroup> moved: array<u32, SGS>;

alias Held = array<vec4<Part>, LOADS>;
alias Rows = array<f32, ROW_TURNS>;

// Row `base + key` of the cache's keys, from `tile` on; past the last key it is repeated.
fn fetch_keys(held: ptr<function, Held>, thread: u32, base: u32, tile: u32, length: u32) {
  for (var i = 0u; i < LOADS; i++) {
    let v = min(i * WG + thread, TILE_VECS - 1u);
    let row = base + min(tile + v / COLUMNS, length - 1u);
    held[i] = to_part(load_k(row * COLUMNS + v % COLUMNS) * k_scale(row));
  }
}

fn fetch_values(held: ptr<function, Held>, thread: u32, base: u32, tile: u32, length: u32) {
  for (var i = 0u; i < LOADS; i++) {
    let v = min(i * WG + thread, TILE_VECS - 1u);
    let row = base + min(tile + v / COLUMNS, length - 1u);
    held[i] = to_part(load_v(row * COLUMNS + v % COLUMNS) * v_scale(row));
  }
}

fn stash(held: ptr<function, Held>, thread: u32) {
  for (var i = 0u; i < LOADS; i++) {
    let v = i * WG + thread;
    if (v < TILE_VECS) {
      parts[v / COLUMNS * STRIDE + v % COLUMNS] = held[i];
    }
  }
}

// Multiplies each row of BK columns of a strip by its factor, which the lanes of the row hold.
fn scale_strip(strip: u32, lane: u32, factors: Rows) {
  for (var i = 0u; i < ROW_TURNS; i++) {
    let at = strip + (i * ROWS_AT_ONCE + lane % ROWS_AT_ONCE) * STRIP_STRIDE;
    for (var c = lane / ROWS_AT_ONCE; c < BK / 4u; c += ROW_LANES) {
      sums[at + c] *= factors[i];
    }
  }
}

// Which of four keys from `key` on are before `end`.
fn is_seen(key: u32, end: u32) -> vec4<bool> {
  return vec4u(key) + vec4u(0u, 1u, 2u, 3u) < vec4u(end);
}

// The sum or the maximum over the lanes of a row.
fn over_row(value: f32, is_max: bool) -> f32 {
  var result = value;
  for (var step = ROWS_AT_ONCE; step < LANES; step *= 2u) {
    let other = subgroupShuffleXor(result, step);
    result = select(result + other, max(result, other), is_max);
  }
  return result;
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  // Query r of the group's: token r / GROUP, head r % GROUP. Past the end the last one is repeated.
  let queries = state.seq * GROUP;
  let r0 = group.x * (SGS * MM);
  let length = min(state.position + (min(r0 + SGS * MM, queries) - 1u) / GROUP + 1u, CAPACITY);
  let base = (group.z * KV_HEADS + group.y) * CAPACITY;
  let strip = subgroup * (MM * STRIP_STRIDE);
  let weights = WEIGHTS + subgroup * (MM * WEIGHT_STRIDE);
  var held: Held;
  var query: array<Left, HEAD_LEFTS>;
  var acc: array<Result, HEAD_RESULTS>;
  var top: Rows;
  var total: Rows;

  for (var v = thread; v < SGS * MM * COLUMNS; v += WG) {
    let r = min(r0 + v / COLUMNS, queries - 1u);
    let head = (group.z * state.seq + r / GROUP) * Q_STRIDE + (group.y * GROUP + r % GROUP) * HEAD_DIM;
    parts[v / COLUMNS * STRIDE + v % COLUMNS] = to_part(vec4f(q[head / 4u + v % COLUMNS]));
  }
  workgroupBarrier();
  for (var d = 0u; d < HEAD_LEFTS; d++) {
    query[d] = load_left(subgroup * (MM * STRIDE) + d * (MK / 4u), STRIDE);
  }
  for (var i = 0u; i < ROW_TURNS; i++) {
    top[i] = LOWEST;
  }
  fetch_keys(&held, thread, base, 0u, length);
  workgroupBarrier();

  for (var tile = 0u; tile < length; tile += BK) {
    stash(&held, thread);
    workgroupBarrier();
    fetch_values(&held, thread, base, tile, length);
    for (var j = 0u; j < TILE_RESULTS; j++) {
      var score = Result();
      for (var d = 0u; d < HEAD_LEFTS; d++) {
        score = mma(query[d], load_right(j * MN * STRIDE + d * (MK / 4u), STRIDE), score);
      }
      store_result(strip + j * (MN / 4u), STRIP_STRIDE, score);
    }
    workgroupBarrier();
    stash(&held, thread);
    if (tile + BK < length) {
      fetch_keys(&held, thread, base, tile + BK, length);
    }

    var factors: Rows;
    var has_moved = false;
    for (var i = 0u; i < ROW_TURNS; i++) {
      let row = i * ROWS_AT_ONCE + lane % ROWS_AT_ONCE;
      // Keys from here on are behind the row's token.
      let end = state.position + min(r0 + subgroup * MM + row, queries - 1u) / GROUP + 1u;
      let at = strip + row * STRIP_STRIDE;
      var most = LOWEST;
      for (var c = lane / ROWS_AT_ONCE; c < BK / 4u; c += ROW_LANES) {
        let scores = select(vec4f(LOWEST), sums[at + c] * SCALE, is_seen(tile + c * 4u, end));
        most = max(most, max(max(scores.x, scores.y), max(scores.z, scores.w)));
      }
      most = over_row(most, true);
      let is_first = top[i] == LOWEST;
      let moves = is_first || most > top[i] + SLACK;
      let new_top = select(top[i], most, moves);
      factors[i] = exp(top[i] - new_top);
      has_moved = has_moved || (moves && !is_first);
      var sum = 0.0;
      for (var c = lane / ROWS_AT_ONCE; c < BK / 4u; c += ROW_LANES) {
        let weight = exp(sums[at + c] * SCALE - new_top);
        let stored = vec4<Part>(select(vec4f(), weight, is_seen(tile + c * 4u, end)));
        parts[weights + row * WEIGHT_STRIDE + c] = stored;
        sum += dot(vec4f(stored), vec4f(1.0));
      }
      total[i] = total[i] * factors[i] + over_row(sum, false);
      top[i] = new_top;
    }
    let is_voter = subgroupAny(has_moved);
    if (lane == 0u) {
      moved[subgroup] = select(0u, 1u, is_voter);
    }
    let votes = workgroupUniformLoad(&moved);
    var has_any_moved = false;
    for (var s = 0u; s < SGS; s++) {
      has_any_moved = has_any_moved || votes[s] == 1u;
    }
    if (has_any_moved) {
      for (var first = 0u; first < HEAD_RESULTS; first += TILE_RESULTS) {
        for (var f = first; f < min(first + TILE_RESULTS, HEAD_RESULTS); f++) {
          store_result(strip + (f - first) * (MN / 4u), STRIP_STRIDE, acc[f]);
        }
        workgroupBarrier();
        scale_strip(strip, lane, factors);
        workgroupBarrier();
        for (var f = first; f < min(first + TILE_RESULTS, HEAD_RESULTS); f++) {
          acc[f] = load_result(strip + (f - first) * (MN / 4u), STRIP_STRIDE);
        }
        workgroupBarrier();
      }
    }

    for (var j = 0u; j < TILE_LEFTS; j++) {
      let weight = load_left(weights + j * (MK / 4u), WEIGHT_STRIDE);
      for (var f = 0u; f < HEAD_RESULTS; f++) {
        acc[f] = mma(weight, load_right_rows(j * MK * STRIDE + f * (MN / 4u), STRIDE), acc[f]);
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < ROW_TURNS; i++) {
    total[i] = 1.0 / total[i];
  }
  for (var first = 0u; first < HEAD_RESULTS; first += TILE_RESULTS) {
    let columns = min(TILE_RESULTS, HEAD_RESULTS - first) * (MN / 4u);
    for (var f = first; f < min(first + TILE_RESULTS, HEAD_RESULTS); f++) {
      store_result(strip + (f - first) * (MN / 4u), STRIP_STRIDE, acc[f]);
    }
    workgroupBarrier();
    scale_strip(strip, lane, total);
    workgroupBarrier();
    for (var i = lane; i < MM * columns; i += LANES) {
      let r = r0 + subgroup * MM + i / columns;
      if (r < queries) {
        let values = sums[strip + i / columns * STRIP_STRIDE + i % columns];
        let head = (group.z * state.seq + r / GROUP) * Q_STRIDE + (group.y * GROUP + r % GROUP) * HEAD_DIM;
        y[head / 4u + first * (MN / 4u) + i % columns] = vec4<elem>(values);
      }
    }
    workgroupBarrier();
  }
}
