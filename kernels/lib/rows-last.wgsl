// rows — one a sequence: its last new token
fn row_count() -> u32 {
  return BATCH;
}
