// rope-append — splits a row of qkv into heads; norms (QK_NORM) and rotates q and k; appends k, v to the cache
//
// in     qkv elem[rows, QKV_STRIDE] = q heads | k heads | v heads, each HEAD_DIM wide;
//        cos, sin f32[context, HEAD_DIM/2]; q_norm, k_norm f32[HEAD_DIM]
// out    q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// grid   [HEADS + 2·KV_HEADS, rows]: one workgroup a head
// cost   bytes rows·(HEADS + 2·KV_HEADS)·HEAD_DIM·(|elem| + |elem or kv|): bound by latency
// needs  HEAD_DIM a multiple of 4; rotation pairs element i with i + HEAD_DIM/2;
//        the norms add the f32 of bits EPS_BITS to the mean square
// why    everything that touches a head before attention happens while it is in workgroup memory
const LANES: u32 = WG;
const HALF: u32 = HEAD_DIM / 2u;
var<workgroup> head: array<f32, HEAD_DIM>;

// Element i of the rotated head.
fn rotated(i: u32, position: u32) -> f32 {
  let pair = i % HALF;
  let c = cos[position * HALF + pair];
  let s = sin[position * HALF + pair];
  return head[i] * c + select(-head[pair + HALF], head[pair], i >= HALF) * s;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let slot = group.x;
  let row = group.y;
  let position = state.position + row % state.seq;
  let is_q = slot < HEADS;
  let is_v = slot >= HEADS + KV_HEADS;

  var squares = 0.0;
  for (var i = thread; i < HEAD_DIM; i += WG) {
    let v = f32(qkv[row * QKV_STRIDE + slot * HEAD_DIM + i]);
    head[i] = v;
    squares += v * v;
  }
  if (QK_NORM == 1u) {
    squares = reduce_lanes(squares, thread);
    if (!is_v) {
      let scale = inverseSqrt(squares / f32(HEAD_DIM) + bitcast<f32>(EPS_BITS));
      for (var i = thread; i < HEAD_DIM; i += WG) {
        head[i] *= scale * select(k_norm[i], q_norm[i], is_q);
      }
    }
  }
  workgroupBarrier();

  if (is_q) {
    for (var i = thread; i < HEAD_DIM; i += WG) {
      q[row * Q_STRIDE + slot * HEAD_DIM + i] = elem(rotated(i, position));
    }
    return;
  }
  let sequence = row / state.seq;
  let kv_head = (slot - HEADS) % KV_HEADS;
  let base = ((sequence * KV_HEADS + kv_head) * CAPACITY + position) * (HEAD_DIM / 4u);
  for (var i = thread; i < HEAD_DIM / 4u; i += WG) {
    let e = i * 4u;
    if (is_v) {
      store_v(base + i, vec4f(head[e], head[e + 1u], head[e + 2u], head[e + 3u]));
    } else {
      store_k(
        base + i,
        vec4f(
          rotated(e, position),
          rotated(e + 1u, position),
          rotated(e + 2u, position),
          rotated(e + 3u, position),
        ),
      );
    }
  }
}
