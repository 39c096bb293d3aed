// kv oct int8 — a cache row of HEAD_DIM codes, eight in 8 bytes; the row's scale is applied by the caller
fn int8_oct(c: vec2u) -> array<vec4f, 2> {
  let shifts = vec4u(24u, 16u, 8u, 0u);
  return array<vec4f, 2>(
    vec4f(vec4i(vec4u(c.x) << shifts) >> vec4u(24u)),
    vec4f(vec4i(vec4u(c.y) << shifts) >> vec4u(24u)),
  );
}

fn load_k_oct(at: u32) -> array<vec4f, 2> {
  return int8_oct(k_cache[at]);
}

fn load_v_oct(at: u32) -> array<vec4f, 2> {
  return int8_oct(v_cache[at]);
}

fn k_scale(row: u32) -> f32 {
  return k_scales[row];
}

fn v_scale(row: u32) -> f32 {
  return v_scales[row];
}
