// kv f16 — writes four values of a cache row as two words. The rounding to nearest even is spelled
// out because pack2x16float may round either way.
fn half_bits(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let sign = (bits >> 16u) & 0x8000u;
  // Larger than f16 holds: clamp to its largest value rather than make an infinity.
  let magnitude = min(bits & 0x7fffffffu, 0x477fe000u);
  if (magnitude < 0x38800000u) {
    // Subnormal in f16: the value in units of 2⁻²⁴, rounded by the f32 addition of 2²³.
    let scaled = bitcast<f32>(magnitude) * 16777216.0 + 8388608.0;
    return sign | (bitcast<u32>(scaled) & 0x7fffffu);
  }
  let rounded = magnitude + 0xfffu + ((magnitude >> 13u) & 1u);
  return sign | ((rounded - 0x38000000u) >> 13u);
}

fn pack4(v: vec4f) -> vec2u {
  return vec2u(
    half_bits(v.x) | (half_bits(v.y) << 16u),
    half_bits(v.z) | (half_bits(v.w) << 16u),
  );
}

fn store_k(at: u32, v: vec4f, scale: f32) {
  k_cache[at] = pack4(v);
}

fn store_v(at: u32, v: vec4f, scale: f32) {
  v_cache[at] = pack4(v);
}

const KV_SCALED: bool = false;

fn row_scale(peak: f32) -> f32 {
  return 1.0;
}

fn store_k_scale(row: u32, scale: f32) {}

fn store_v_scale(row: u32, scale: f32) {}
