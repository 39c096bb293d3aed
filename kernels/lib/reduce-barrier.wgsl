// reduce — sums and maxima over LANES neighbouring threads through workgroup memory; needs no optional feature.
// Every thread of the workgroup must call it (uniform control flow). LANES is a power of two.
var<workgroup> reduce_slots: array<f32, WG>;

fn reduce_lanes(value: f32, thread: u32) -> f32 {
  reduce_slots[thread] = value;
  workgroupBarrier();
  for (var step = LANES / 2u; step > 0u; step /= 2u) {
    if (thread % LANES < step) {
      reduce_slots[thread] += reduce_slots[thread + step];
    }
    workgroupBarrier();
  }
  let sum = reduce_slots[thread - thread % LANES];
  workgroupBarrier();
  return sum;
}

fn reduce_max_lanes(value: f32, thread: u32) -> f32 {
  reduce_slots[thread] = value;
  workgroupBarrier();
  for (var step = LANES / 2u; step > 0u; step /= 2u) {
    if (thread % LANES < step) {
      reduce_slots[thread] = max(reduce_slots[thread], reduce_slots[thread + step]);
    }
    workgroupBarrier();
  }
  let most = reduce_slots[thread - thread % LANES];
  workgroupBarrier();
  return most;
}
