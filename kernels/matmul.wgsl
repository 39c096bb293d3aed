// matmul — y[m, n] = Σ_k x[m, k]·W[n, k] for many rows m (prefill)
//
// in     x elem[rows, X_STRIDE] (zero from K to the next multiple of 32), W[N, K] through `weights`
// out    y through `out`: plain, + bias, added to the residual, or SwiGLU of row pairs
// grid   [N / BN, rows / BM]: a workgroup makes a BM × BN tile, a thread TM × TN of it
// cost   bytes |W| + rows·(K + N)·|elem| at least, flops 2·rows·N·K: bound by arithmetic
// needs  any K, N, rows ≥ 1; TN even; (BM + BN)·BK·4 bytes of workgroup memory and 1/8 more
// why    weights are expanded once per tile of BM rows in workgroup memory; both tiles keep K innermost
//        as vec4, one vec4 of padding a row spreads the rows over the memory banks
const BK: u32 = 32u;
const STRIDE: u32 = BK / 4u + 1u;
const TX: u32 = BN / TN;
const WG: u32 = TX * (BM / TM);
var<workgroup> xs: array<vec4f, BM * STRIDE>;
var<workgroup> ws: array<vec4f, BN * STRIDE>;

// Column of a thread's j-th result: pairs stay neighbours for `emit_pair`.
fn column(tx: u32, j: u32) -> u32 {
  return (j / 2u) * 2u * TX + 2u * tx + j % 2u;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = row_count();
  let n0 = group.x * BN;
  let m0 = group.y * BM;
  let tx = thread % TX;
  let ty = thread / TX;
  var acc: array<f32, TM * TN>;

  for (var k0 = 0u; k0 < K; k0 += BK) {
    for (var i = thread; i < BM * (BK / 4u); i += WG) {
      let m = min(m0 + i / (BK / 4u), rows - 1u);
      xs[i / (BK / 4u) * STRIDE + i % (BK / 4u)] = vec4f(x[(m * X_STRIDE + k0) / 4u + i % (BK / 4u)]);
    }
    for (var i = thread; i < BN * (BK / GRAIN); i += WG) {
      let n = min(n0 + i / (BK / GRAIN), N - 1u);
      let part = i % (BK / GRAIN);
      let grain = k0 / GRAIN + part;
      let c = load_codes(n, grain);
      let scale = grain_scale(n, grain);
      let at = i / (BK / GRAIN) * STRIDE + part * GRAIN_VECS;
      for (var v = 0u; v < GRAIN_VECS; v++) {
        ws[at + v] = code_vec(c, v) * scale;
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < BK / 4u; k++) {
      var a: array<vec4f, TM>;
      for (var i = 0u; i < TM; i++) {
        a[i] = xs[(ty + i * (BM / TM)) * STRIDE + k];
      }
      for (var j = 0u; j < TN; j++) {
        let b = ws[column(tx, j) * STRIDE + k];
        for (var i = 0u; i < TM; i++) {
          acc[i * TN + j] += dot(a[i], b);
        }
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
