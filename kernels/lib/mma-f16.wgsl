// mma f16 — products of the matrix units: MM×MK times MK×MN of f16, summed in f32. Operands are loaded from
// the kernel's `parts`, results are stored to and loaded from its `sums`; offsets and strides count vec4s,
// the elements of both. Elements of a matrix cannot be accessed otherwise.
alias Part = f16;
alias Left = subgroup_matrix_left<f16, MK, MM>;
alias Right = subgroup_matrix_right<f16, MN, MK>;
alias Result = subgroup_matrix_result<f32, MN, MM>;

// Beyond the largest f16 a value is clamped rather than made infinite.
fn to_part(v: vec4f) -> vec4<Part> {
  return vec4<Part>(clamp(v, vec4f(-65504.0), vec4f(65504.0)));
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
