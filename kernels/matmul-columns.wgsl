// matmul-columns — y[m, n] = Σ_k x[m, k]·W[n, k] with four columns n a thread and no workgroup memory
//
// in     x through `input` (as it is, or RMSNorm(x), eps the f32 of bits EPS_BITS) [rows, X_STRIDE] (zero from K to the next multiple of 32), W[N, K] through `weights`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   [N / (4·WG), rows / ROWS]: a thread makes ROWS × 4 results, a subgroup LANES times as many columns
// cost   bytes |W|·rows/ROWS + rows·K·|elem|·N/(4·LANES), flops 2·rows·N·K
// needs  subgroups of one size, LANES ≤ 32, a power of two; any K, N, rows ≥ 1
// why    each load of x serves the whole subgroup by shuffles and each weight ROWS rows, which suits
//        processors that pay per load and not per shuffle: software adapters, small SIMD widths
const STEP: u32 = max(LANES, 8u);
const PARTS: u32 = STEP / LANES;

// acc[i, :] += w·x[i, k] for the k-th column of this step.
fn add_products(
  acc: ptr<function, array<vec4f, ROWS>>,
  xs: ptr<function, array<f32, ROWS * PARTS>>,
  w: vec4f,
  k: u32,
) {
  for (var i = 0u; i < ROWS; i++) {
    acc[i] += w * subgroupShuffle(xs[i * PARTS + k / LANES], k % LANES);
  }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = row_count();
  let lane = thread % LANES;
  let n0 = (group.x * WG + thread) * 4u;
  let m0 = group.y * ROWS;
  // A column or row past the end repeats the last one and is not written.
  let columns = min(vec4u(n0) + vec4u(0u, 1u, 2u, 3u), vec4u(N - 1u));
  var acc: array<vec4f, ROWS>;
  var squares: array<f32, ROWS>;

  // Read once a block: finding and expanding four scales costs as much as a row's products.
  var scale = vec4f(1.0);
  for (var k0 = 0u; k0 < BLOCKS * 32u; k0 += STEP) {
    if (k0 % 32u == 0u) {
      scale = block_scale(columns, k0 / 32u);
    }
    var xs: array<f32, ROWS * PARTS>;
    for (var p = 0u; p < PARTS; p++) {
      let k = k0 + p * LANES + lane;
      let weight = input_weight(k);
      for (var i = 0u; i < ROWS; i++) {
        let value = input_value(min(m0 + i, rows - 1u), k);
        if (IS_NORMED) {
          squares[i] += value * value;
        }
        xs[i * PARTS + p] = value * weight;
      }
    }
    for (var o = 0u; o < STEP / 8u; o++) {
      let oct = load_oct(columns, k0 / 8u + o);
      // Unrolled by hand: a compiler that leaves a loop over eight alone keeps `acc` in memory.
      add_products(&acc, &xs, oct_weight(oct, 0u) * scale, o * 8u);
      add_products(&acc, &xs, oct_weight(oct, 1u) * scale, o * 8u + 1u);
      add_products(&acc, &xs, oct_weight(oct, 2u) * scale, o * 8u + 2u);
      add_products(&acc, &xs, oct_weight(oct, 3u) * scale, o * 8u + 3u);
      add_products(&acc, &xs, oct_weight(oct, 4u) * scale, o * 8u + 4u);
      add_products(&acc, &xs, oct_weight(oct, 5u) * scale, o * 8u + 5u);
      add_products(&acc, &xs, oct_weight(oct, 6u) * scale, o * 8u + 6u);
      add_products(&acc, &xs, oct_weight(oct, 7u) * scale, o * 8u + 7u);
    }
  }

  if (IS_NORMED) {
    for (var i = 0u; i < ROWS; i++) {
      acc[i] *= inverseSqrt(subgroupAdd(squares[i]) / f32(K) + bitcast<f32>(EPS_BITS));
    }
  }
  for (var i = 0u; i < ROWS; i++) {
    if (m0 + i < rows) {
      if (n0 < N) {
        emit_pair(m0 + i, n0, acc[i].x, acc[i].y);
      }
      if (n0 + 2u < N) {
        emit_pair(m0 + i, n0 + 2u, acc[i].z, acc[i].w);
      }
    }
  }
}
