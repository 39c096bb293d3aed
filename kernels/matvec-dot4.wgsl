// matvec-dot4 — y[m, n] = Σ_b s[m, b]·t[n, b]·Σ_i a[m, b, i]·q[n, b, i] for few rows m (decode)
//
// in     x_codes, x_scales (a, s in blocks of 32) of quantise-rows; W[N, K] (q, t) through `packed`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   folded [N / (ROWS·WG/LANES)]: LANES threads share ROWS output rows and stride over blocks
// cost   bytes |W| + M·K·1.25, operations 2·M·N·K, of which a quarter are instructions
// needs  any K, N ≥ 1, M ≥ 1 small; ROWS even. dot4I8Packed is in every WebGPU, if not in every processor
// why    expanding int4 to f32 takes four instructions a weight, which limits large GPUs before their memory
//        does; here it is less than one. Another function than exact activations: a variant of its own
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  const TEAMS = WG / LANES;
  let lane = thread % LANES;
  let row0 = ((group.y * FOLD + group.x) * TEAMS + thread / LANES) * ROWS;
  var acc: array<f32, ROWS * M>;

  for (var block = lane; block < BLOCKS; block += LANES) {
    var low: array<vec4u, M>;
    var high: array<vec4u, M>;
    var scale: array<vec2f, M>;
    for (var m = 0u; m < M; m++) {
      let at = m * BLOCKS + block;
      low[m] = x_codes[at * 2u];
      high[m] = x_codes[at * 2u + 1u];
      scale[m] = x_scales[at];
    }
    for (var r = 0u; r < ROWS; r++) {
      // A row past the end repeats the last one and is not written.
      let row = min(row0 + r, N - 1u);
      let w = load_packed(row, block);
      let w_scale = packed_scale(row, block);
      for (var m = 0u; m < M; m++) {
        let products = dot4I8Packed(w.low.x, low[m].x) + dot4I8Packed(w.low.y, low[m].y)
          + dot4I8Packed(w.low.z, low[m].z) + dot4I8Packed(w.low.w, low[m].w)
          + dot4I8Packed(w.high.x, high[m].x) + dot4I8Packed(w.high.y, high[m].y)
          + dot4I8Packed(w.high.z, high[m].z) + dot4I8Packed(w.high.w, high[m].w);
        acc[r * M + m] += w_scale * (scale[m].x * f32(products) - CODE_OFFSET * scale[m].y);
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
