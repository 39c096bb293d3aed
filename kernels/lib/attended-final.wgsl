// attended final — the result of the only split of a head: its sum over its total
fn emit_attended(row: u32, head: u32, split: u32, vec: u32, sum: vec4f, top: f32, total: f32) {
  y[row * (Q_STRIDE / 4u) + head * (HEAD_DIM / 4u) + vec] = vec4<elem>(sum / total);
}
