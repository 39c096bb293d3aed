// weights f32 — 16 bytes hold 4 weights; rows are filled up with zeros to a multiple of 32
const GRAIN: u32 = 4u;
const GRAIN_VECS: u32 = 1u;
const GRAINS: u32 = (K + 31u) / 32u * 8u;

// 16 bytes of row `row`: GRAIN weights.
fn load_codes(row: u32, grain: u32) -> vec4u {
  return data[row * GRAINS + grain];
}

// Weights 4·v … 4·v + 3 of a grain, to be multiplied by grain_scale.
fn code_vec(c: vec4u, v: u32) -> vec4f {
  return bitcast<vec4f>(c);
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  return 1.0;
}
