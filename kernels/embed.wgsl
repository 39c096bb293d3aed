// embed — x[r, :] = W[tokens[r], :]
//
// in     tokens u32[rows], W[vocab, K] through `weights` (a slice of it: rows ROW0 … ROW0 + N − 1)
// out    x f32[rows, X_STRIDE]
// grid   [rows]: one workgroup a row, its threads stride the row's grains
// cost   bytes rows·K·(|W| + 4): a gather
// needs  tokens checked on the host; a token outside the slice is left to another slice's call
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let token = tokens[group.x];
  if (token >= ROW0 && token < ROW0 + N) {
    let row = token - ROW0;
    for (var grain = thread; grain < GRAINS; grain += WG) {
      let c = load_codes(row, grain);
      let scale = grain_scale(row, grain);
      for (var v = 0u; v < GRAIN_VECS; v++) {
        x[(group.x * X_STRIDE + grain * GRAIN) / 4u + v] = code_vec(c, v) * scale;
      }
    }
  }
}
