// out — y[m, n] = v, for two neighbouring columns
fn emit_pair(m: u32, n: u32, v0: f32, v1: f32) {
  let at = m * Y_STRIDE + Y_OFFSET + n;
  y[at] = elem(v0);
  if (n + 1u < N) {
    y[at + 1u] = elem(v1);
  }
}
