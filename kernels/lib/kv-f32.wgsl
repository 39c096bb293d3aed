// kv f32 — a cache row of HEAD_DIM values as vec4
fn load_k(at: u32) -> vec4f {
  return k_cache[at];
}

fn load_v(at: u32) -> vec4f {
  return v_cache[at];
}

// Codes of an int8 cache are worth their row's scale; values here are what they are.
fn k_scale(row: u32) -> f32 {
  return 1.0;
}

fn v_scale(row: u32) -> f32 {
  return 1.0;
}
