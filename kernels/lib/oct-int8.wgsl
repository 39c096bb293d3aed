// oct int8 — 8 weights of each of 4 rows: two words a row; w = q·s
const BLOCKS: u32 = (K + 31u) / 32u;

struct Oct {
  low: vec4u,
  high: vec4u,
}

fn load_oct(rows: vec4u, oct: u32) -> Oct {
  let at = rows * (BLOCKS * 8u) + oct * 2u;
  return Oct(
    vec4u(codes[at.x], codes[at.y], codes[at.z], codes[at.w]),
    vec4u(codes[at.x + 1u], codes[at.y + 1u], codes[at.z + 1u], codes[at.w + 1u]),
  );
}

fn oct_weight(oct: Oct, e: u32) -> vec4f {
  let words = select(oct.low, oct.high, e >= 4u);
  return vec4f(vec4i(words << vec4u(24u - 8u * (e % 4u))) >> vec4u(24u));
}

fn scale_at(i: u32) -> f32 {
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}

fn block_scale(rows: vec4u, block: u32) -> vec4f {
  let at = rows * BLOCKS + block;
  return vec4f(scale_at(at.x), scale_at(at.y), scale_at(at.z), scale_at(at.w));
}
