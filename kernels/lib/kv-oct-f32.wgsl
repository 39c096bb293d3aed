// kv oct f32 — a cache row of HEAD_DIM values, eight at a time
fn load_k_oct(at: u32) -> array<vec4f, 2> {
  return array<vec4f, 2>(k_cache[at * 2u], k_cache[at * 2u + 1u]);
}

fn load_v_oct(at: u32) -> array<vec4f, 2> {
  return array<vec4f, 2>(v_cache[at * 2u], v_cache[at * 2u + 1u]);
}

// Codes of an int8 cache are worth their row's scale; values here are what they are.
fn k_scale(row: u32) -> f32 {
  return 1.0;
}

fn v_scale(row: u32) -> f32 {
  return 1.0;
}
