// mma f32 — products of the matrix units: MM×MK times MK×MN of f32, summed in f32. Operands are loaded from
// the kernel's `parts`, results are stored to and loaded from its `sums`; offsets and strides count vec4s,
// the elements of both. Elements of a matrix cannot be accessed otherwise.
alias Part = f32;
alias Left = subgroup_matrix_left<f32, MK, MM>;
alias Right = subgroup_matrix_right<f32, MN, MK>;
alias Result = subgroup_matrix_result<f32, MN, MM>;

fn to_part(v: vec4f) -> vec4<Part> {
  return v;
}

// Rows m of MK values each.
fn load_left(at: u32, stride: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&parts, at, stride);
}

// Columns n of MK values each.
fn load_right(at: u32, stride: u32) -> Right {
  return subgroupMatrixLoad<Right, col_major>(&parts, at, stride);
}

// Rows k of MN values each.
fn load_right_rows(at: u32, stride: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&parts, at, stride);
}

fn mma(left: Left, right: Right, sum: Result) -> Result {
  return subgroupMatrixMultiplyAccumulate(left, right, sum);
}

fn store_result(at: u32, stride: u32, result: Result) {
  subgroupMatrixStore<row_major>(&sums, at, result, stride);
}

fn load_result(at: u32, stride: u32) -> Result {
  return subgroupMatrixLoad<Result, row_major>(&sums, at, stride);
}
