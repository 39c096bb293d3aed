// rope-append — splits a row of qkv into heads; norms (QK_NORM) and rotates q and k; appends k, v to the cache
//
// in     qkv elem[rows, QKV_STRIDE] = q heads | k heads | v heads, each HEAD_DIM wide;
//        rotation f32[context, HEAD_DIM/2, cos and sin]; norms f32[q and k, HEAD_DIM]
// out    q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// grid   [HEADS + 2·KV_HEADS, rows]: one workgroup a head
// cost   bytes rows·(HEADS + 2·KV_HEADS)·HEAD_DIM·(|elem| + |elem or kv|): bound by latency
// needs  HEAD_DIM a multiple of 4; rotation pairs element i with i + HEAD_DIM/2;
//        the norms add the f32 of bits EPS_BITS to the mean square
// why    everything that touches a head before attention happens while it is in workgroup memory, also the
//        search for its largest value, which an int8 cache is scaled by; tables are packed in pairs so that
//        such a cache's scales still fit the 8 storage buffers that every adapter binds
const LANES: u32 = WG;
const HALF: u32 = HEAD_DIM / 2u;
const INFINITY: u32 = 0x7f800000u;
var<workgroup> head: array<f32, HEAD_DIM>;

// Element i of the rotated head.
fn rotated(i: u32, position: u32) -> f32 {
  let pair = i % HALF;
  let turn = rotation[position * HALF + pair];
  return head[i] * turn.x + select(-head[pair + HALF], head[pair], i >= HALF) * turn.y;
}

// Four neighbouring elements as the cache wants them: keys rotated, values as they are.
fn cached(e: u32, position: u32, is_v: bool) -> vec4f {
  if (is_v) {
    return vec4f(head[e], head[e + 1u], head[e + 2u], head[e + 3u]);
  }
  return vec4f(
    rotated(e, position),
    rotated(e + 1u, position),
    rotated(e + 2u, position),
    rotated(e + 3u, position),
  );
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
        head[i] *= scale * norms[select(HEAD_DIM, 0u, is_q) + i];
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
  let cache_row = (sequence * KV_HEADS + kv_head) * CAPACITY + position;
  var scale = 1.0;
  if (KV_SCALED) {
    // Magnitudes are compared as bits, in which NaN lies above infinity: max of floats would lose it.
    var peak = 0u;
    for (var i = thread; i < HEAD_DIM / 4u; i += WG) {
      let v = bitcast<vec4u>(abs(cached(i * 4u, position, is_v)));
      peak = max(peak, max(max(v.x, v.y), max(v.z, v.w)));
    }
    scale = row_scale(reduce_max_lanes(bitcast<f32>(min(peak, INFINITY)), thread));
    if (thread == 0u && is_v) {
      store_v_scale(cache_row, scale);
    } else if (thread == 0u) {
      store_k_scale(cache_row, scale);
    }
  }
  for (var i = thread; i < HEAD_DIM / 4u; i += WG) {
    let at = cache_row * (HEAD_DIM / 4u) + i;
    let v = cached(i * 4u, position, is_v);
    if (is_v) {
      store_v(at, v, scale);
    } else {
      store_k(at, v, scale);
    }
  }
}
