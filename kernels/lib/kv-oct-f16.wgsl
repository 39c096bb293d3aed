// kv oct f16 — a cache row of HEAD_DIM values, eight in 16 bytes; needs no shader-f16
fn half_oct(c: vec4u) -> array<vec4f, 2> {
  return array<vec4f, 2>(
    vec4f(unpack2x16float(c.x), unpack2x16float(c.y)),
    vec4f(unpack2x16float(c.z), unpack2x16float(c.w)),
  );
}

fn load_k_oct(at: u32) -> array<vec4f, 2> {
  return half_oct(k_cache[at]);
}

fn load_v_oct(at: u32) -> array<vec4f, 2> {
  return half_oct(v_cache[at]);
}

// Codes of an int8 cache are worth their row's scale; values here are what they are.
fn k_scale(row: u32) -> f32 {
  return 1.0;
}

fn v_scale(row: u32) -> f32 {
  return 1.0;
}
