// oct int4 — 8 weights of each of 4 rows: one word a row, element e in bits 4·e; w = (q − 8)·s
const BLOCKS: u32 = (K + 31u) / 32u;

struct Oct {
  codes: vec4u,
}

fn load_oct(rows: vec4u, oct: u32) -> Oct {
  let at = rows * (BLOCKS * 4u) + oct;
  return Oct(vec4u(codes[at.x], codes[at.y], codes[at.z], codes[at.w]));
}

// Element e of each row. Signed, because that conversion is one instruction everywhere.
fn oct_weight(oct: Oct, e: u32) -> vec4f {
  return vec4f(vec4i((oct.codes >> vec4u(4u * e)) & vec4u(15u))) - 8.0;
}

fn scale_at(i: u32) -> f32 {
  let pair = unpack2x16float(scales[i / 2u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}

fn block_scale(rows: vec4u, block: u32) -> vec4f {
  let at = rows * BLOCKS + block;
  return vec4f(scale_at(at.x), scale_at(at.y), scale_at(at.z), scale_at(at.w));
}
