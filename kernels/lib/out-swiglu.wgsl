// out — y[m, n/2] = silu(v0)·v1: gate and up rows alternate in the weights, so a pair is one output
fn emit_pair(m: u32, n: u32, v0: f32, v1: f32) {
  y[m * Y_STRIDE + (Y_OFFSET + n) / 2u] = elem(v0 / (1.0 + exp(-v0)) * v1);
}
