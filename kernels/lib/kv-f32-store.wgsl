// kv f32 — writes four values of a cache row
fn store_k(at: u32, v: vec4f) {
  k_cache[at] = v;
}

fn store_v(at: u32, v: vec4f) {
  v_cache[at] = v;
}
