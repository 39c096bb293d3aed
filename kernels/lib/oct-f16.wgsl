// oct f16 — 8 weights of each of 4 rows: four words a row, expanded when loaded
const BLOCKS: u32 = (K + 31u) / 32u;

struct Oct {
  words: array<vec4u, 4>,
}

fn load_oct(rows: vec4u, oct: u32) -> Oct {
  let at = rows * (BLOCKS * 16u) + oct * 4u;
  var result: Oct;
  for (var i = 0u; i < 4u; i++) {
    result.words[i] = vec4u(data[at.x + i], data[at.y + i], data[at.z + i], data[at.w + i]);
  }
  return result;
}

fn half_of(word: u32, e: u32) -> f32 {
  let pair = unpack2x16float(word);
  return select(pair.x, pair.y, (e & 1u) == 1u);
}

fn oct_weight(oct: Oct, e: u32) -> vec4f {
  let w = oct.words[e / 2u];
  return vec4f(half_of(w.x, e), half_of(w.y, e), half_of(w.z, e), half_of(w.w, e));
}

fn block_scale(rows: vec4u, block: u32) -> vec4f {
  return vec4f(1.0);
}
