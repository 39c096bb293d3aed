// rmsnorm — y[r, :] = x[r', :]·rsqrt(mean(x[r', :]²) + eps)·w
//
// in     x f32[…, X_STRIDE], w f32[DIM]
// out    y elem[rows, X_STRIDE]
// grid   [rows]: one workgroup a row, its threads stride the row
// cost   bytes rows·DIM·(4 + |elem|), flops 4·rows·DIM: bound by latency
// needs  any DIM ≥ 1; sums in f32; eps is the f32 of bits EPS_BITS. LAST = 1 reads only the last new
//        token of each sequence, r' = (r + 1)·seq − 1, because only its logits are wanted
const LANES: u32 = WG;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = select(group.x, (group.x + 1u) * state.seq - 1u, LAST == 1u) * X_STRIDE;
  var sum = 0.0;
  for (var i = thread; i < DIM; i += WG) {
    let v = x[source + i];
    sum += v * v;
  }
  sum = reduce_lanes(sum, thread);
  let scale = inverseSqrt(sum / f32(DIM) + bitcast<f32>(EPS_BITS));
  for (var i = thread; i < DIM; i += WG) {
    y[group.x * X_STRIDE + i] = elem(x[source + i] * scale * w[i]);
  }
}
