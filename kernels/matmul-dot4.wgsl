// matmul-dot4 — y[m, n] = Σ_b s[m, b]·t[n, b]·Σ_i a[m, b, i]·q[n, b, i] for many rows m (prefill)
//
// in     x_codes, x_scales (a, s in blocks of 32) of quantise-rows; W[N, K] (q, t) through `packed`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   [N / BN, rows / BM]: a workgroup makes a BM × BN tile, a thread TM × TN of it
// cost   bytes |W| + rows·K·1.25 at least, operations 2·rows·N·K: bound by arithmetic
// needs  any K, N, rows ≥ 1; TN even; BM·56 + BN·52 bytes of workgroup memory
// why    a block's sum is an exact integer, scaled once; codes stay four to a word in workgroup memory, a
//        quarter of what f32 takes there
const TX: u32 = BN / TN;
const WG: u32 = TX * (BM / TM);
// Three vec4 a row of two: the third keeps rows out of each other's memory banks.
var<workgroup> xs: array<vec4u, BM * 3>;
var<workgroup> ws: array<vec4u, BN * 3>;
var<workgroup> x_scale: array<vec2f, BM>;
var<workgroup> w_scale: array<f32, BN>;

// Column of a thread's j-th result: pairs stay neighbours for `emit_pair`.
fn column(tx: u32, j: u32) -> u32 {
  return (j / 2u) * 2u * TX + 2u * tx + j % 2u;
}

fn dot_words(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z)
    + dot4I8Packed(a.w, b.w);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = row_count();
  let n0 = group.x * BN;
  let m0 = group.y * BM;
  let tx = thread % TX;
  let ty = thread / TX;
  var acc: array<f32, TM * TN>;

  for (var block = 0u; block < BLOCKS; block++) {
    for (var i = thread; i < BM; i += WG) {
      let at = min(m0 + i, rows - 1u) * BLOCKS + block;
      xs[i * 3u] = x_codes[at * 2u];
      xs[i * 3u + 1u] = x_codes[at * 2u + 1u];
      x_scale[i] = x_scales[at];
    }
    for (var i = thread; i < BN; i += WG) {
      let n = min(n0 + i, N - 1u);
      let w = load_packed(n, block);
      ws[i * 3u] = w.low;
      ws[i * 3u + 1u] = w.high;
      w_scale[i] = packed_scale(n, block);
    }
    workgroupBarrier();
    var low: array<vec4u, TM>;
    var high: array<vec4u, TM>;
    var scale: array<vec2f, TM>;
    for (var i = 0u; i < TM; i++) {
      let at = ty + i * (BM / TM);
      low[i] = xs[at * 3u];
      high[i] = xs[at * 3u + 1u];
      scale[i] = x_scale[at];
    }
    for (var j = 0u; j < TN; j++) {
      let at = column(tx, j);
      let w_low = ws[at * 3u];
      let w_high = ws[at * 3u + 1u];
      for (var i = 0u; i < TM; i++) {
        let products = dot_words(w_low, low[i]) + dot_words(w_high, high[i]);
        acc[i * TN + j] += w_scale[at] * (scale[i].x * f32(products) - CODE_OFFSET * scale[i].y);
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < TM; i++) {
    let m = m0 + ty + i * (BM / TM);
    if (m < rows) {
      for (var j = 0u; j < TN; j += 2u) {
        let n = n0 + column(tx, j);
        if (n < N) {
          emit_pair(m, n, acc[i * TN + j], acc[i * TN + j + 1u]);
        }
      }
    }
  }
}
