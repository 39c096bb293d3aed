// input — column k of row m of the residual stream and of the norm's weight; the row's scale comes at the end
const IS_NORMED: bool = true;

fn input_value(m: u32, k: u32) -> f32 {
  return x[m * X_STRIDE + k];
}

fn input_weight(k: u32) -> f32 {
  return norm[k];
}
