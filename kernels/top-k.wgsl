// top-k — the TOP largest logits of each of PARTS slices of a row, largest first: candidates (value bits, index)
//
// in     logits f32[batch, VOCAB]
// out    candidates vec2u[batch, PARTS, TOP]
// grid   [PARTS, batch]: one workgroup a slice
// cost   bytes batch·(VOCAB·4 + PARTS·TOP·8); after the first pass each candidate costs one thread's share of the
//        slice, VOCAB / PARTS / WG logits, once more
// needs  any VOCAB ≥ 1 and TOP ≥ 1, WG a power of two; the lowest index comes first of equal values; a NaN comes
//        before everything, with index NOT_A_TOKEN; what a slice is too short for is −∞ with index NOTHING
// why    threads compete with their best logit each; the winner's thread alone looks for its next one, which is the
//        best behind the last, so nothing has to be marked or sorted

/// The thread's best logit that comes after (value, index); the best of all when that is NOT_A_TOKEN.
fn next_best(thread: u32, group: vec3u, value: f32, index: u32) -> vec2u {
  const SLICE = (VOCAB + PARTS - 1u) / PARTS;
  let first = group.x * SLICE;
  let end = min(first + SLICE, VOCAB);
  var best = lowest();
  var at = NOTHING;
  for (var i = first + thread; i < end; i += WG) {
    let v = logits[group.y * VOCAB + i];
    // By its bits, since a compiler may assume that no value is NaN.
    if ((bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u) {
      at = NOT_A_TOKEN;
    } else if ((index == NOT_A_TOKEN || comes_before(value, index, v, i)) && comes_before(v, i, best, at)) {
      best = v;
      at = i;
    }
  }
  return vec2u(bitcast<u32>(best), at);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let mine = next_best(thread, group, 0.0, NOT_A_TOKEN);
  enter(thread, bitcast<f32>(mine.x), mine.y);
  for (var rank = 0u; rank < TOP; rank++) {
    let leader = winners[1];
    workgroupBarrier();
    if (thread == leader) {
      let value = values[leader];
      let index = indices[leader];
      candidates[(group.y * PARTS + group.x) * TOP + rank] = vec2u(bitcast<u32>(value), index);
      if (index < NOTHING && rank + 1u < TOP) {
        let next = next_best(thread, group, value, index);
        replace(thread, bitcast<f32>(next.x), next.y);
      }
    }
    workgroupBarrier();
  }
}
