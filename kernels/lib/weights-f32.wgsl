// weights f32 — 16 bytes hold 4 weights; rows are filled up with zeros to a multiple of 32
const GRAIN: u32 = 4u;
const GRAIN_VECS: u32 = 1u;
const GRAINS: u32 = (K + 31u) / 32u * 8u;

// The weights of one 16-byte grain, to be multiplied by grain_scale.
fn load_grain(row: u32, grain: u32) -> array<vec4f, GRAIN_VECS> {
  return array<vec4f, GRAIN_VECS>(data[row * GRAINS + grain]);
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  return 1.0;
}
