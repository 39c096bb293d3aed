// reduce — one thread makes a row alone (LANES = 1): nothing to add up
fn reduce_lanes(value: f32, thread: u32) -> f32 {
  return value;
}

fn reduce_max_lanes(value: f32, thread: u32) -> f32 {
  return value;
}
