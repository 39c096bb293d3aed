// kv int8 — writes four values of a cache row as codes in one word: x / scale to the nearest, ties to even,
// with scale = max|x| / 127 of the row. A row whose scale is below the normal f32 is one of zeros; one that
// holds an infinity or NaN has an infinite scale, so that whatever reads it becomes NaN.
const KV_SCALED: bool = true;

fn row_scale(peak: f32) -> f32 {
  let scale = peak / 127.0;
  return select(0.0, scale, scale >= 0x1p-126f);
}

fn pack4(v: vec4f, scale: f32) -> u32 {
  if (scale == 0.0) {
    return 0u;
  }
  let codes = (vec4u(vec4i(round(v / scale))) & vec4u(0xffu)) << vec4u(0u, 8u, 16u, 24u);
  return codes.x | codes.y | codes.z | codes.w;
}

fn store_k(at: u32, v: vec4f, scale: f32) {
  k_cache[at] = pack4(v, scale);
}

fn store_v(at: u32, v: vec4f, scale: f32) {
  v_cache[at] = pack4(v, scale);
}

fn store_k_scale(row: u32, scale: f32) {
  k_scales[row] = scale;
}

fn store_v_scale(row: u32, scale: f32) {
  v_scales[row] = scale;
}
