// oct f32 — 8 weights of each of 4 rows
const BLOCKS: u32 = (K + 31u) / 32u;

struct Oct {
  values: array<vec4f, 8>,
}

fn load_oct(rows: vec4u, oct: u32) -> Oct {
  let at = rows * (BLOCKS * 32u) + oct * 8u;
  var result: Oct;
  for (var e = 0u; e < 8u; e++) {
    result.values[e] = vec4f(data[at.x + e], data[at.y + e], data[at.z + e], data[at.w + e]);
  }
  return result;
}

fn oct_weight(oct: Oct, e: u32) -> vec4f {
  return oct.values[e];
}

fn block_scale(rows: vec4u, block: u32) -> vec4f {
  return vec4f(1.0);
}
