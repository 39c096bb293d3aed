// reduce — sums and maxima over LANES neighbouring threads by shuffles; LANES is a power of two no larger than
// the adapter's smallest subgroup, so that the threads always share one.
fn reduce_lanes(value: f32, thread: u32) -> f32 {
  var sum = value;
  for (var step = 1u; step < LANES; step *= 2u) {
    sum += subgroupShuffleXor(sum, step);
  }
  return sum;
}

fn reduce_max_lanes(value: f32, thread: u32) -> f32 {
  var most = value;
  for (var step = 1u; step < LANES; step *= 2u) {
    most = max(most, subgroupShuffleXor(most, step));
  }
  return most;
}
