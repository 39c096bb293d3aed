// rows — every new token of every sequence
fn row_count() -> u32 {
  return BATCH * state.seq;
}
