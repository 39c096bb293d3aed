// kv f16 — a cache row of HEAD_DIM values, four in two words; needs no shader-f16
fn load_k(at: u32) -> vec4f {
  let c = k_cache[at];
  return vec4f(unpack2x16float(c.x), unpack2x16float(c.y));
}

fn load_v(at: u32) -> vec4f {
  let c = v_cache[at];
  return vec4f(unpack2x16float(c.x), unpack2x16float(c.y));
}

// Codes of an int8 cache are worth their row's scale; values here are what they are.
fn k_scale(row: u32) -> f32 {
  return 1.0;
}

fn v_scale(row: u32) -> f32 {
  return 1.0;
}
