// attention — y[r, h, :] = Σ_j softmax_j(q[r, h]·k[j] / √HEAD_DIM)·v[j] over j ≤ position of row r
//
// in     q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// out    y elem[rows, Q_STRIDE]
// grid   [HEADS, rows]: one workgroup a head and row
// cost   bytes rows·HEADS·length·2·HEAD_DIM·|kv| at worst, flops 4·rows·HEADS·length·HEAD_DIM
// needs  HEAD_DIM a multiple of 4, at most 4·WG; HEADS a multiple of KV_HEADS
// why    online softmax over tiles of WG positions: scores with a position a thread, then values with
//        four columns a thread and the tile's positions dealt out over the threads left
const LANES: u32 = WG;
const COLUMNS: u32 = HEAD_DIM / 4u;
const TEAMS: u32 = WG / COLUMNS;
const LOWEST: f32 = -3.0e38;
var<workgroup> query: array<vec4f, COLUMNS>;
var<workgroup> weights: array<f32, WG>;
var<workgroup> parts: array<vec4f, WG>;
var<workgroup> reduce_slots: array<f32, WG>;

fn reduce(value: f32, thread: u32, is_max: bool) -> f32 {
  reduce_slots[thread] = value;
  workgroupBarrier();
  for (var step = WG / 2u; step > 0u; step /= 2u) {
    if (thread < step) {
      let a = reduce_slots[thread];
      let b = reduce_slots[thread + step];
      reduce_slots[thread] = select(a + b, max(a, b), is_max);
    }
    workgroupBarrier();
  }
  let result = reduce_slots[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let h = group.x;
  let row = group.y;
  let sequence = row / state.seq;
  let length = state.position + row % state.seq + 1u;
  let base = (sequence * KV_HEADS + h / (HEADS / KV_HEADS)) * CAPACITY;
  for (var i = thread; i < COLUMNS; i += WG) {
    let at = row * Q_STRIDE + h * HEAD_DIM + i * 4u;
    query[i] = vec4f(f32(q[at]), f32(q[at + 1u]), f32(q[at + 2u]), f32(q[at + 3u]))
      * inverseSqrt(f32(HEAD_DIM));
  }
  workgroupBarrier();

  let column = thread % COLUMNS;
  let team = thread / COLUMNS;
  var top = LOWEST;
  var total = 0.0;
  var acc = vec4f();
  for (var tile = 0u; tile < length; tile += WG) {
    let j = tile + thread;
    var score = LOWEST;
    if (j < length) {
      score = 0.0;
      for (var i = 0u; i < COLUMNS; i++) {
        score += dot(query[i], load_k((base + j) * COLUMNS + i));
      }
      score *= k_scale(base + j);
    }
    let new_top = max(top, reduce(score, thread, true));
    let shrink = exp(top - new_top);
    let weight = select(0.0, exp(score - new_top), j < length);
    weights[thread] = weight * v_scale(base + min(j, length - 1u));
    total = total * shrink + reduce(weight, thread, false);
    acc *= shrink;
    if (team < TEAMS) {
      for (var i = team; i < min(WG, length - tile); i += TEAMS) {
        acc += weights[i] * load_v((base + tile + i) * COLUMNS + column);
      }
    }
    top = new_top;
    workgroupBarrier();
  }

  parts[thread] = acc;
  workgroupBarrier();
  if (thread < COLUMNS) {
    var sum = vec4f();
    for (var t = 0u; t < TEAMS; t++) {
      sum += parts[t * COLUMNS + thread];
    }
    sum /= total;
    let at = row * Q_STRIDE + h * HEAD_DIM + thread * 4u;
    y[at] = elem(sum.x);
    y[at + 1u] = elem(sum.y);
    y[at + 2u] = elem(sum.z);
    y[at + 3u] = elem(sum.w);
  }
}
