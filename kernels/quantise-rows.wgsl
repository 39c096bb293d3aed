// quantise-rows — blocks of 32 int8: s[r, b] = max_i |x[r, b, i]|/127, a[r, b, i] = round(x[r, b, i]/s[r, b])
//
// in     x through `input` (as it is, or RMSNorm(x), eps the f32 of bits EPS_BITS) [rows, X_STRIDE], zero from
//        K to the next multiple of 32
// out    x_codes u32[rows, BLOCKS·8], four codes a word: in order, or with INTERLEAVE = 1 the even and the odd
//        elements of eight in turn, as int4 weights unpack; x_scales vec2f[rows, BLOCKS]: s and s·Σa
// grid   [rows]: one workgroup a row, a block a thread
// cost   bytes rows·K·(|x| + 1.25), flops 6·rows·K: bound by latency
// needs  any K ≥ 1; a block of zeros has scale 0. LAST = 1 reads only the last new token of each sequence
const LANES: u32 = WG;
const BLOCKS: u32 = (K + 31u) / 32u;

// Codes of elements 4·v … of eight: the words of an octet hold a…d, e…h in order or interleaved.
fn octet_words(a: vec4i, b: vec4i) -> vec2u {
  if (INTERLEAVE == 1u) {
    return vec2u(pack4xI8(vec4i(a.x, a.z, b.x, b.z)), pack4xI8(vec4i(a.y, a.w, b.y, b.w)));
  }
  return vec2u(pack4xI8(a), pack4xI8(b));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = select(group.x, (group.x + 1u) * state.seq - 1u, LAST == 1u);
  var scale = 1.0;
  if (IS_NORMED) {
    var squares = 0.0;
    for (var v = thread; v < BLOCKS * 8u; v += WG) {
      let value = input_vec(source, v);
      squares += dot(value, value);
    }
    scale = inverseSqrt(reduce_lanes(squares, thread) / f32(K) + bitcast<f32>(EPS_BITS));
  }
  for (var block = thread; block < BLOCKS; block += WG) {
    var values: array<vec4f, 8>;
    var largest = vec4f(0.0);
    for (var v = 0u; v < 8u; v++) {
      values[v] = input_vec(source, block * 8u + v) * input_weight(block * 8u + v) * scale;
      largest = max(largest, abs(values[v]));
    }
    let top = max(max(largest.x, largest.y), max(largest.z, largest.w));
    let inverse = select(0.0, 127.0 / top, top > 0.0);
    var sum = vec4i(0);
    for (var o = 0u; o < 4u; o++) {
      let a = vec4i(round(values[2u * o] * inverse));
      let b = vec4i(round(values[2u * o + 1u] * inverse));
      sum += a + b;
      let words = octet_words(a, b);
      let at = (group.x * BLOCKS + block) * 8u + 2u * o;
      x_codes[at] = words.x;
      x_codes[at + 1u] = words.y;
    }
    let s = top / 127.0;
    x_scales[group.x * BLOCKS + block] = vec2f(s, s * f32(sum.x + sum.y + sum.z + sum.w));
  }
}
