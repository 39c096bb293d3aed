// weights int8 — w = q·s, q in −127…127; 16 bytes hold half a block of 32, s f16 [rows, BLOCKS]
const GRAIN: u32 = 16u;
const GRAIN_VECS: u32 = 4u;
const BLOCKS: u32 = (K + 31u) / 32u;
const GRAINS: u32 = BLOCKS * 2u;

// q + 128, so that every byte is unsigned.
fn load_codes(row: u32, grain: u32) -> vec4u {
  return codes[row * GRAINS + grain] ^ vec4u(0x80808080u);
}

// See weights int4: the conversion is an or into the mantissa of 2²³.
fn code_vec(c: vec4u, v: u32) -> vec4f {
  let bytes = (vec4u(c[v]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
  return bitcast<vec4f>(bytes | vec4u(0x4b000000u)) - 8388736.0;
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  let i = row * BLOCKS + grain / 2u;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
