// packed int8 — a block of 32 weights as eight words of four signed bytes in order, w = q·s
const BLOCKS: u32 = (K + 31u) / 32u;
const CODE_OFFSET: f32 = 0.0;

struct Packed {
  low: vec4u,
  high: vec4u,
}

fn load_packed(row: u32, block: u32) -> Packed {
  let at = (row * BLOCKS + block) * 2u;
  return Packed(codes[at], codes[at + 1u]);
}

fn packed_scale(row: u32, block: u32) -> f32 {
  let i = row * BLOCKS + block;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
