// kv f32 — writes four values of a cache row
fn store_k(at: u32, v: vec4f, scale: f32) {
  k_cache[at] = v;
}

fn store_v(at: u32, v: vec4f, scale: f32) {
  v_cache[at] = v;
}

const KV_SCALED: bool = false;

fn row_scale(peak: f32) -> f32 {
  return 1.0;
}

fn store_k_scale(row: u32, scale: f32) {}

fn store_v_scale(row: u32, scale: f32) {}
