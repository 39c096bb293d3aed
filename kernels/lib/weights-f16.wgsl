// weights f16 — 16 bytes hold 8 weights; rows are filled up with zeros to a multiple of 32.
// Read as u32 pairs, so that adapters without shader-f16 can multiply them too.
const GRAIN: u32 = 8u;
const GRAIN_VECS: u32 = 2u;
const GRAINS: u32 = (K + 31u) / 32u * 4u;

fn load_grain(row: u32, grain: u32) -> array<vec4f, GRAIN_VECS> {
  let c = data[row * GRAINS + grain];
  return array<vec4f, GRAIN_VECS>(
    vec4f(unpack2x16float(c.x), unpack2x16float(c.y)),
    vec4f(unpack2x16float(c.z), unpack2x16float(c.w)),
  );
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  return 1.0;
}
