// weights f16 — 16 bytes hold 8 weights; rows are filled up with zeros to a multiple of 32.
// Read as u32 pairs, so that adapters without shader-f16 can multiply them too.
const GRAIN: u32 = 8u;
const GRAIN_VECS: u32 = 2u;
const GRAINS: u32 = (K + 31u) / 32u * 4u;

fn load_codes(row: u32, grain: u32) -> vec4u {
  return data[row * GRAINS + grain];
}

fn code_vec(c: vec4u, v: u32) -> vec4f {
  return vec4f(unpack2x16float(c[2u * v]), unpack2x16float(c[2u * v + 1u]));
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  return 1.0;
}
