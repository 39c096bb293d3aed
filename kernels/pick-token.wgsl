// pick-token — best candidate of each sequence → its next token; advances the run state
//
// in     candidates vec2u[BATCH, PARTS] of argmax
// out    tokens u32[BATCH] (what `embed` reads next), picked u32[RING, BATCH], run_state
// grid   [1]: one workgroup, a sequence a thread
// cost   bytes BATCH·PARTS·8: bound by latency
// needs  any BATCH ≥ 1. The state moves on after the last use of it in a step: the tokens just
//        processed are in the cache, the next call has one new token a sequence
const NOT_A_TOKEN: u32 = 0xffffffffu;

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) thread: u32) {
  let step = run_state[2];
  for (var b = thread; b < BATCH; b += WG) {
    var best = candidates[b * PARTS];
    for (var p = 1u; p < PARTS; p++) {
      let c = candidates[b * PARTS + p];
      if (best.y != NOT_A_TOKEN && (c.y == NOT_A_TOKEN || bitcast<f32>(c.x) > bitcast<f32>(best.x))) {
        best = c;
      }
    }
    tokens[b] = best.y;
    picked[step % RING * BATCH + b] = best.y;
  }
  // Every thread has read the step before it changes.
  storageBarrier();
  if (thread == 0u) {
    run_state[0] += run_state[1];
    run_state[1] = 1u;
    run_state[2] = step + 1u;
  }
}
