// kv f32 — a cache row of HEAD_DIM values as vec4
fn load_k(at: u32) -> vec4f {
  return k_cache[at];
}

fn load_v(at: u32) -> vec4f {
  return v_cache[at];
}
