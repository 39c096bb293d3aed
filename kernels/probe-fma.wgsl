// probe-fma — y[i] = a₀ + a₁ + a₂, each the end of a chain of STEPS times a := a·b + c
//
// in     x vec4<elem>[N], where a₀ = x[i] starts, a₁ = −x[i], a₂ = x[i]/2; line vec4<elem>[1]: b, c
// out    y vec4<elem>[N]
// grid   folded [N / WG]: one vector a thread
// cost   flops 24·N·STEPS, bytes 2·N·4·|elem|: bound by the rate of multiply-add
// needs  STEPS a multiple of 4; |b| < 1, so that the chains stay finite; computes in elem
// why    twelve independent chains a thread hide the latency of one multiply-add and still fit into the
//        registers of a processor core that runs this in vectors
fn four(a: vec4<elem>, b: elem, c: elem) -> vec4<elem> {
  return (((a * b + c) * b + c) * b + c) * b + c;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * FOLD + group.x) * WG + thread;
  let b = line[0].x;
  let c = line[0].y;
  var a0 = x[min(i, N - 1u)];
  var a1 = -a0;
  var a2 = a0 * 0.5;
  for (var step = 0u; step < STEPS; step += 4u) {
    a0 = four(a0, b, c);
    a1 = four(a1, b, c);
    a2 = four(a2, b, c);
  }
  if (i < N) {
    y[i] = a0 + a1 + a2;
  }
}
