// probe-copy — y[i] = x[i]
//
// in     x vec4u[N]
// out    y vec4u[N]
// grid   folded [N / (WG·PER)]: a workgroup copies WG·PER neighbouring vectors, PER of them a thread
// cost   bytes 32·N, no flops: bound by memory
// needs  any N ≥ 1
// why    measures what memory gives to a stream at best: 16-byte accesses, neighbours on neighbouring
//        threads, no bounds check but in the last workgroup
const TILE: u32 = WG * PER;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let start = (group.y * FOLD + group.x) * TILE;
  if (start + TILE <= N) {
    for (var j = 0u; j < PER; j++) {
      y[start + j * WG + thread] = x[start + j * WG + thread];
    }
  } else {
    for (var i = start + thread; i < N; i += WG) {
      y[i] = x[i];
    }
  }
}
