// weights int4 — w = (q − 8)·s; 16 bytes hold one block of 32: element e sits in bits 4·(e mod 8)
// of word e / 8. s f16 [rows, BLOCKS]
const GRAIN: u32 = 32u;
const GRAIN_VECS: u32 = 8u;
const BLOCKS: u32 = (K + 31u) / 32u;
const GRAINS: u32 = BLOCKS;

fn int4x4(word: u32, shifts: vec4u) -> vec4f {
  return vec4f((vec4u(word) >> shifts) & vec4u(15u)) - 8.0;
}

fn load_grain(row: u32, grain: u32) -> array<vec4f, GRAIN_VECS> {
  let c = codes[row * GRAINS + grain];
  const low = vec4u(0u, 4u, 8u, 12u);
  const high = vec4u(16u, 20u, 24u, 28u);
  return array<vec4f, GRAIN_VECS>(
    int4x4(c.x, low), int4x4(c.x, high), int4x4(c.y, low), int4x4(c.y, high),
    int4x4(c.z, low), int4x4(c.z, high), int4x4(c.w, low), int4x4(c.w, high),
  );
}

fn grain_scale(row: u32, grain: u32) -> f32 {
  let i = row * BLOCKS + grain;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
