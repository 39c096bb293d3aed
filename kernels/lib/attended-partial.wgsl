// attended partial — a split's share of a head for attention-merge: its sum, then its top and total
const PARTIAL: u32 = HEAD_DIM / 4u + 1u;

fn emit_attended(row: u32, head: u32, split: u32, vec: u32, sum: vec4f, top: f32, total: f32) {
  let at = ((row * HEADS + head) * SPLITS + split) * PARTIAL;
  partials[at + vec] = sum;
  if (vec == 0u) {
    partials[at + PARTIAL - 1u] = vec4f(top, total, 0.0, 0.0);
  }
}
