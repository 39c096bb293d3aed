// probe-read — y[g, t] = Σ_j x[g, j, t], modulo 2³²: a stream that is read and hardly written
//
// in     x vec4u[N], seen as [N / (PER·WG), PER, WG]; what lies behind N counts as zero
// out    y vec4u[N / PER, rounded up to whole workgroups]
// grid   folded [N / (WG·PER)]: a workgroup reads WG·PER neighbouring vectors, PER of them a thread
// cost   bytes 16·N·(1 + 1/PER), 4·N integer additions: bound by memory
// needs  any N ≥ 1
// why    measures what memory gives to a kernel that reads weights: 16-byte loads, neighbours on
//        neighbouring threads, PER independent loads in flight
const TILE: u32 = WG * PER;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tile = group.y * FOLD + group.x;
  let start = tile * TILE;
  if (start >= N) {
    return;
  }
  var sum = vec4u();
  if (start + TILE <= N) {
    for (var j = 0u; j < PER; j++) {
      sum += x[start + j * WG + thread];
    }
  } else {
    for (var i = start + thread; i < N; i += WG) {
      sum += x[i];
    }
  }
  y[tile * WG + thread] = sum;
}
