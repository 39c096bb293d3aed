// packed int4 — a block of 32 weights as eight words of four bytes q = 0…15, w = (q − CODE_OFFSET)·s.
// The words alternate between the even and the odd elements of eight: masks suffice to take them apart.
const BLOCKS: u32 = (K + 31u) / 32u;
const CODE_OFFSET: f32 = 8.0;

struct Packed {
  low: vec4u,
  high: vec4u,
}

fn load_packed(row: u32, block: u32) -> Packed {
  let c = codes[row * BLOCKS + block];
  let even = c & vec4u(0x0f0f0f0fu);
  let odd = (c >> vec4u(4u)) & vec4u(0x0f0f0f0fu);
  return Packed(vec4u(even.x, odd.x, even.y, odd.y), vec4u(even.z, odd.z, even.w, odd.w));
}

fn packed_scale(row: u32, block: u32) -> f32 {
  let i = row * BLOCKS + block;
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}
