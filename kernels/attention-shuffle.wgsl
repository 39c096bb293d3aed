// attention-shuffle — y[r, h, :] = Σ_j softmax_j(q[r, h]·k[j] / √HEAD_DIM)·v[j] over j ≤ position of row r
//
// in     q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// out    y elem[rows, Q_STRIDE]
// grid   [seq·HEADS/KV_HEADS / ROWS, KV_HEADS, batch]: a subgroup takes ROWS of the queries that share keys
// cost   bytes length·2·HEAD_DIM·|kv|·KV_HEADS·batch·seq·HEADS/KV_HEADS/ROWS at worst; flops
//        4·rows·HEADS·length·HEAD_DIM
// needs  subgroups of one size, LANES ≤ 32, a power of two; HEAD_DIM a multiple of 4
// why    the query heads of a group and neighbouring tokens read each key and value once; scores have a
//        position a thread, outputs four columns a thread, and what both need goes by shuffles, without
//        workgroup memory or barriers
const COLUMNS: u32 = HEAD_DIM / 4u;
const PER_LANE: u32 = (COLUMNS + LANES - 1u) / LANES;
const GROUP: u32 = HEADS / KV_HEADS;
const LOWEST: f32 = -3.0e38;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  // Query r of the group's: token r / GROUP, head r % GROUP. Past the end the last one is repeated.
  let queries = state.seq * GROUP;
  let r0 = group.x * ROWS;
  let length = state.position + (min(r0 + ROWS, queries) - 1u) / GROUP + 1u;
  let base = (group.z * KV_HEADS + group.y) * CAPACITY;

  var query: array<vec4f, ROWS * PER_LANE>;
  var acc: array<vec4f, ROWS * PER_LANE>;
  var top: array<f32, ROWS>;
  var total: array<f32, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    let r = min(r0 + i, queries - 1u);
    let head = (group.z * state.seq + r / GROUP) * Q_STRIDE + (group.y * GROUP + r % GROUP) * HEAD_DIM;
    for (var p = 0u; p < PER_LANE; p++) {
      let at = head + min(p * LANES + lane, COLUMNS - 1u) * 4u;
      query[i * PER_LANE + p] = vec4f(f32(q[at]), f32(q[at + 1u]), f32(q[at + 2u]), f32(q[at + 3u]))
        * inverseSqrt(f32(HEAD_DIM));
    }
    top[i] = LOWEST;
  }

  for (var tile = 0u; tile < length; tile += LANES) {
    let j = tile + lane;
    var score: array<f32, ROWS>;
    // Spelled out: Dawn leaves a variable that is declared in a loop as the last turn left it.
    for (var i = 0u; i < ROWS; i++) {
      score[i] = 0.0;
    }
    for (var c = 0u; c < COLUMNS; c++) {
      let key = load_k((base + min(j, length - 1u)) * COLUMNS + c);
      for (var i = 0u; i < ROWS; i++) {
        score[i] += dot(key, subgroupShuffle(query[i * PER_LANE + c / LANES], c % LANES));
      }
    }
    let k_worth = k_scale(base + min(j, length - 1u));
    let v_worth = v_scale(base + min(j, length - 1u));
    for (var i = 0u; i < ROWS; i++) {
      let is_seen = j <= state.position + min(r0 + i, queries - 1u) / GROUP;
      let value = select(LOWEST, score[i] * k_worth, is_seen);
      let new_top = max(top[i], subgroupMax(value));
      let shrink = exp(top[i] - new_top);
      let weight = select(0.0, exp(value - new_top), is_seen);
      total[i] = total[i] * shrink + weight;
      score[i] = weight * v_worth;
      for (var p = 0u; p < PER_LANE; p++) {
        acc[i * PER_LANE + p] *= shrink;
      }
      top[i] = new_top;
    }
    for (var n = 0u; n < LANES; n++) {
      let row = (base + min(tile + n, length - 1u)) * COLUMNS;
      for (var p = 0u; p < PER_LANE; p++) {
        let value = load_v(row + min(p * LANES + lane, COLUMNS - 1u));
        for (var i = 0u; i < ROWS; i++) {
          acc[i * PER_LANE + p] += value * subgroupShuffle(score[i], n);
        }
      }
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    let sum = subgroupAdd(total[i]);
    let r = r0 + i;
    let head = (group.z * state.seq + r / GROUP) * Q_STRIDE + (group.y * GROUP + r % GROUP) * HEAD_DIM;
    for (var p = 0u; p < PER_LANE; p++) {
      let column = p * LANES + lane;
      if (r < queries && column < COLUMNS) {
        let result = acc[i * PER_LANE + p] / sum;
        let at = head + column * 4u;
        y[at] = elem(result.x);
        y[at + 1u] = elem(result.y);
        y[at + 2u] = elem(result.z);
        y[at + 3u] = elem(result.w);
      }
    }
  }
}
