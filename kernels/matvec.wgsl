// matvec — y[m, n] = Σ_k x[m, k]·W[n, k] for few rows m (decode)
//
// in     x through `input` (as it is, or RMSNorm(x)) [M, X_STRIDE] (zero from K to the next multiple of 32), W[N, K] through `weights`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   folded [N / (ROWS·WG/LANES)]: LANES threads share ROWS output rows and stride over K
// cost   bytes |W| + M·(K + N)·|elem|, flops 2·M·N·K: bound by reading W, or by expanding it
// needs  any K, N, M ≥ 1; ROWS even; eps is the f32 of bits EPS_BITS
// why    16-byte loads, neighbours in K on neighbouring threads; each x is loaded once for ROWS rows, each
//        weight expanded once for M; no barrier inside the K loop; one sum over LANES at the end. A norm in
//        front costs one more load of its weight and Σx², and saves a dispatch
alias Codes = array<vec4u, ROWS>;
alias Sums = array<f32, ROWS * M>;
alias Squares = array<f32, M>;

// sums += x·w for columns 4·v … of a grain. `v` is constant where this is called, and so is every index.
fn add_vec(sums: ptr<function, Sums>, squares: ptr<function, Squares>, c: ptr<function, Codes>, grain: u32, v: u32) {
  let at = grain * GRAIN_VECS + v;
  let weight = input_weight(at);
  var w: array<vec4f, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    w[r] = code_vec(c[r], v);
  }
  for (var m = 0u; m < M; m++) {
    let value = input_vec(m, at);
    if (IS_NORMED) {
      squares[m] += dot(value, value);
    }
    let weighted = value * weight;
    for (var r = 0u; r < ROWS; r++) {
      sums[r * M + m] += dot(w[r], weighted);
    }
  }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  const TEAMS = WG / LANES;
  let lane = thread % LANES;
  let row0 = ((group.y * FOLD + group.x) * TEAMS + thread / LANES) * ROWS;
  var acc: Sums;
  var squares: Squares;

  for (var grain = lane; grain < GRAINS; grain += LANES) {
    var c: Codes;
    for (var r = 0u; r < ROWS; r++) {
      // A row past the end repeats the last one and is not written.
      c[r] = load_codes(min(row0 + r, N - 1u), grain);
    }
    var sums = Sums();
    add_vec(&sums, &squares, &c, grain, 0u);
    if (GRAIN_VECS > 1u) {
      add_vec(&sums, &squares, &c, grain, 1u);
    }
    if (GRAIN_VECS > 2u) {
      add_vec(&sums, &squares, &c, grain, 2u);
      add_vec(&sums, &squares, &c, grain, 3u);
    }
    if (GRAIN_VECS > 4u) {
      add_vec(&sums, &squares, &c, grain, 4u);
      add_vec(&sums, &squares, &c, grain, 5u);
      add_vec(&sums, &squares, &c, grain, 6u);
      add_vec(&sums, &squares, &c, grain, 7u);
    }
    for (var r = 0u; r < ROWS; r++) {
      let scale = grain_scale(min(row0 + r, N - 1u), grain);
      for (var m = 0u; m < M; m++) {
        acc[r * M + m] += scale * sums[r * M + m];
      }
    }
  }

  for (var i = 0u; i < ROWS * M; i++) {
    acc[i] = reduce_lanes(acc[i], thread);
  }
  if (IS_NORMED) {
    for (var m = 0u; m < M; m++) {
      let scale = inverseSqrt(reduce_lanes(squares[m], thread) / f32(K) + bitcast<f32>(EPS_BITS));
      for (var r = 0u; r < ROWS; r++) {
        acc[r * M + m] *= scale;
      }
    }
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
