// order — the best of WG contestants, one a thread: larger value, lower index; NOT_A_TOKEN, a NaN, beats all.
// Node i of a binary tree holds the better of nodes 2i and 2i + 1; thread t is node WG + t. Once one thread has
// another contestant, only the nodes above it are played again.
const NOT_A_TOKEN: u32 = 0xffffffffu;
/// Index of no token, behind every token's.
const NOTHING: u32 = 0xfffffffeu;
var<workgroup> values: array<f32, WG>;
var<workgroup> indices: array<u32, WG>;
var<workgroup> winners: array<u32, 2 * WG>;

/// −∞, which no constant may be.
fn lowest() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

fn comes_before(value: f32, index: u32, than_value: f32, than_index: u32) -> bool {
  if (index == NOT_A_TOKEN || than_index == NOT_A_TOKEN) {
    return index == NOT_A_TOKEN;
  }
  return value > than_value || (value == than_value && index < than_index);
}

fn play(node: u32) {
  let a = winners[2u * node];
  let b = winners[2u * node + 1u];
  winners[node] = select(b, a, comes_before(values[a], indices[a], values[b], indices[b]));
}

/// Every thread enters its first contestant; to be called by all threads.
fn enter(thread: u32, value: f32, index: u32) {
  values[thread] = value;
  indices[thread] = index;
  winners[WG + thread] = thread;
  for (var width = WG / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (thread < width) {
      play(width + thread);
    }
  }
  workgroupBarrier();
}

/// One thread replaces its contestant.
fn replace(thread: u32, value: f32, index: u32) {
  values[thread] = value;
  indices[thread] = index;
  for (var node = (WG + thread) / 2u; node > 0u; node /= 2u) {
    play(node);
  }
}
