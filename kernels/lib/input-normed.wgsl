// input — four columns of row m of the residual stream and of the norm's weight. A row's scale
// rsqrt(mean(x²) + eps) is the same for all its columns, so the product is multiplied by it at the end.
const IS_NORMED: bool = true;

fn input_vec(m: u32, v: u32) -> vec4f {
  return x[m * (X_STRIDE / 4u) + v];
}

fn input_weight(v: u32) -> vec4f {
  return norm[v];
}
