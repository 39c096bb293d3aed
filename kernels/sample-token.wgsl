// sample-token — candidates of each sequence → its next token, drawn by temperature, top-k, top-p; advances the state
//
// in     candidates vec2u[BATCH, PARTS, TOP] of top-k, each part's largest first; seed, position in run_state
// out    tokens u32[BATCH] (what `embed` reads next), picked u32[RING, BATCH], run_state
// grid   [1]: one workgroup, a part a thread, sequences one after another
// cost   bytes BATCH·PARTS·TOP·8; 2·TOP barriers a sequence: bound by latency
// needs  WG ≥ PARTS, a power of two. With w = e^((v − largest) / temperature), which like top-p is the f32 of bits
//        TEMPERATURE_BITS, TOP_P_BITS: of the TOP largest the fewest whose w reach top-p of their sum, then the
//        first whose sum of w exceeds u times theirs; u in [0, 1) has 24 bits of pcg3d(seed, position, sequence): see
//        src/core/sampling.ts. The state moves on as in pick-token
var<workgroup> top_values: array<f32, TOP>;
var<workgroup> top_tokens: array<u32, TOP>;

fn candidate(b: u32, part: u32, rank: u32) -> vec2u {
  if (part < PARTS && rank < TOP) {
    return candidates[(b * PARTS + part) * TOP + rank];
  }
  return vec2u(bitcast<u32>(lowest()), NOTHING);
}

/// The first word of pcg3d.
fn random(seed: u32, position: u32, sequence: u32) -> u32 {
  var v = vec3u(seed, position, sequence) * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  return v.x;
}

fn weight(rank: u32) -> f32 {
  let bits = bitcast<u32>(top_values[rank]);
  if (bits == bitcast<u32>(top_values[0])) {
    return 1.0; // also where every logit is −∞
  }
  let steps = (top_values[rank] - top_values[0]) / bitcast<f32>(TEMPERATURE_BITS);
  return select(exp(steps), 0.0, bits == 0xff800000u);
}

/// The token that one thread draws from the candidates in order.
fn draw(b: u32, position: u32, seed: u32) -> u32 {
  if (top_tokens[0] == NOT_A_TOKEN) {
    return NOT_A_TOKEN;
  }
  var total = 0.0;
  for (var rank = 0u; rank < TOP; rank++) {
    total += select(0.0, weight(rank), top_tokens[rank] < NOTHING);
  }
  var reached = 0.0;
  var count = 0u;
  while (count < TOP && top_tokens[count] < NOTHING && (count == 0u || reached < total * bitcast<f32>(TOP_P_BITS))) {
    reached += weight(count);
    count++;
  }
  let goal = f32(random(seed, position, b) >> 8u) * 0x1p-24 * reached;
  var token = top_tokens[0];
  var sum = 0.0;
  for (var rank = 0u; rank < count && sum <= goal; rank++) {
    let w = weight(rank);
    token = select(token, top_tokens[rank], w > 0.0);
    sum += w;
  }
  return token;
}

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) thread: u32) {
  let position = run_state[0] + run_state[1];
  let step = run_state[2];
  let seed = run_state[3];
  for (var b = 0u; b < BATCH; b++) {
    let mine = candidate(b, thread, 0u);
    var rank = 0u;
    enter(thread, bitcast<f32>(mine.x), mine.y);
    for (var place = 0u; place < TOP; place++) {
      let leader = winners[1];
      workgroupBarrier();
      if (thread == leader) {
        top_values[place] = values[leader];
        top_tokens[place] = indices[leader];
        rank++;
        let next = candidate(b, thread, rank);
        replace(thread, bitcast<f32>(next.x), next.y);
      }
      workgroupBarrier();
    }
    if (thread == 0u) {
      let token = draw(b, position, seed);
      tokens[b] = token;
      picked[step % RING * BATCH + b] = token;
    }
    workgroupBarrier();
  }
  // Every thread has read the state before it changes.
  storageBarrier();
  if (thread == 0u) {
    run_state[0] = position;
    run_state[1] = 1u;
    run_state[2] = step + 1u;
  }
}
