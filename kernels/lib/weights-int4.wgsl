// weights int4 — w = (q − 8)·s; 16 bytes hold one block of 32: element e sits in bits 4·(e mod 8)
// of word e / 8. s f16 [rows, BLOCKS]
const GRAIN: u32 = 32u;
const GRAIN_VECS: u32 = 8u;
const BLOCKS: u32 = (K + 31u) / 32u;
const GRAINS: u32 = BLOCKS;

fn load_codes(row: u32, grain: u32) -> vec4u {
  return codes[row * GRAINS + grain];
}

// q is or-ed into the mantissa of 2²³, which is its conversion to f32 in one cheap operation: on GPUs
// a conversion instruction runs at a quarter of the rate. 2²³ + 8 goes off again without rounding.
fn code_vec(c: vec4u, v: u32) -> vec4f {
  let nibbles = (vec4u(c[v / 2u]) >> (vec4u(0u, 4u, 8u, 12u) + 16u * (v % 2u))) & vec4u(15u);
  return bitcast<vec4f>(nibbles | vec4u(0x4b000000u)) - 8388616.0;
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  let i = row * BLOCKS + grain;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
