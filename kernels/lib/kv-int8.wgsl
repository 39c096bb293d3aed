// kv int8 — a cache row of HEAD_DIM codes in −127…127, four in a word; the row's scale is applied by the caller
fn int8x4(word: u32) -> vec4f {
  return vec4f(vec4i(vec4u(word) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

fn load_k(at: u32) -> vec4f {
  return int8x4(k_cache[at]);
}

fn load_v(at: u32) -> vec4f {
  return int8x4(v_cache[at]);
}

fn k_scale(row: u32) -> f32 {
  return k_scales[row];
}

fn v_scale(row: u32) -> f32 {
  return v_scales[row];
}
