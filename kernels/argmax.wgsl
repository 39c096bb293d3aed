// argmax — largest logit of each of PARTS slices of a row: candidate (value bits, index)
//
// in     logits f32[batch, VOCAB]
// out    candidates vec2u[batch, PARTS]
// grid   [PARTS, batch]: one workgroup a slice
// cost   bytes batch·VOCAB·4
// needs  any VOCAB ≥ 1; the lowest index wins a tie; a NaN wins over everything, with index NOT_A_TOKEN
const NOT_A_TOKEN: u32 = 0xffffffffu;
var<workgroup> values: array<f32, WG>;
var<workgroup> indices: array<u32, WG>;

fn is_better(value: f32, index: u32, than_value: f32, than_index: u32) -> bool {
  if (index == NOT_A_TOKEN || than_index == NOT_A_TOKEN) {
    return index == NOT_A_TOKEN;
  }
  return value > than_value || (value == than_value && index < than_index);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  const SLICE = (VOCAB + PARTS - 1u) / PARTS;
  let first = group.x * SLICE;
  let end = min(first + SLICE, VOCAB);
  // −∞, which no constant may be: a slice of masked logits has a token, a slice without any never wins.
  var lowest = 0xff800000u;
  var value = bitcast<f32>(lowest);
  var index = VOCAB;
  for (var i = first + thread; i < end; i += WG) {
    let v = logits[group.y * VOCAB + i];
    // By its bits, since a compiler may assume that no value is NaN.
    if ((bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u) {
      index = NOT_A_TOKEN;
    } else if (is_better(v, i, value, index)) {
      value = v;
      index = i;
    }
  }
  values[thread] = value;
  indices[thread] = index;
  workgroupBarrier();
  for (var step = WG / 2u; step > 0u; step /= 2u) {
    if (thread < step) {
      let other = thread + step;
      if (is_better(values[other], indices[other], values[thread], indices[thread])) {
        values[thread] = values[other];
        indices[thread] = indices[other];
      }
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    candidates[group.y * PARTS + group.x] = vec2u(bitcast<u32>(values[0]), indices[0]);
  }
}
