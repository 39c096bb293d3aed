// input — four columns of row m of x as they are
const IS_NORMED: bool = false;

fn input_vec(m: u32, v: u32) -> vec4f {
  return vec4f(x[m * (X_STRIDE / 4u) + v]);
}

fn input_weight(v: u32) -> vec4f {
  return vec4f(1.0);
}
