// matvec — y[m, n] = Σ_k x[m, k]·W[n, k] for few rows m (decode)
//
// in     x elem[M, X_STRIDE] (zero from K to the next multiple of 32), W[N, K] through `weights`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   folded [N / (ROWS·WG/LANES)]: LANES threads share ROWS output rows and stride over K
// cost   bytes |W| + M·(K + N)·|elem|, flops 2·M·N·K: bound by reading W
// needs  any K, N, M ≥ 1; ROWS even
// why    16-byte loads, neighbours in K on neighbouring threads; each x is used ROWS times, each W M
//        times; no barrier inside the K loop; one sum over LANES at the end
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  const TEAMS = WG / LANES;
  let lane = thread % LANES;
  let row0 = ((group.y * FOLD + group.x) * TEAMS + thread / LANES) * ROWS;
  var acc: array<f32, ROWS * M>;

  for (var grain = lane; grain < GRAINS; grain += LANES) {
    for (var r = 0u; r < ROWS; r++) {
      // A row past the end repeats the last one and is not written.
      let row = min(row0 + r, N - 1u);
      let w = load_grain(row, grain);
      let scale = grain_scale(row, grain);
      for (var m = 0u; m < M; m++) {
        let at = (m * X_STRIDE + grain * GRAIN) / 4u;
        var sum = 0.0;
        for (var v = 0u; v < GRAIN_VECS; v++) {
          sum += dot(w[v], vec4f(x[at + v]));
        }
        acc[r * M + m] += scale * sum;
      }
    }
  }

  for (var i = 0u; i < ROWS * M; i++) {
    acc[i] = reduce_lanes(acc[i], thread);
  }
  if (lane == 0u) {
    for (var r = 0u; r < ROWS; r += 2u) {
      if (row0 + r < N) {
        for (var m = 0u; m < M; m++) {
          emit_pair(m, row0 + r, acc[r * M + m], acc[(r + 1u) * M + m]);
        }
      }
    }
  }
}
