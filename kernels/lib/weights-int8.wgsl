// weights int8 — w = q·s, q in −127…127; 16 bytes hold half a block of 32, s f16 [rows, BLOCKS]
const GRAIN: u32 = 16u;
const GRAIN_VECS: u32 = 4u;
const BLOCKS: u32 = (K + 31u) / 32u;
const GRAINS: u32 = BLOCKS * 2u;

fn int8x4(word: u32) -> vec4f {
  return vec4f(vec4i(vec4u(word) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

fn load_grain(row: u32, grain: u32) -> array<vec4f, GRAIN_VECS> {
  let c = codes[row * GRAINS + grain];
  return array<vec4f, GRAIN_VECS>(int8x4(c.x), int8x4(c.y), int8x4(c.z), int8x4(c.w));
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  let i = row * BLOCKS + grain / 2u;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
