// out — y[m, n] += v in f32: the residual stream is never rounded to the activations' type
fn emit_pair(m: u32, n: u32, v0: f32, v1: f32) {
  let at = m * Y_STRIDE + Y_OFFSET + n;
  y[at] += v0;
  if (n + 1u < N) {
    y[at + 1u] += v1;
  }
}
