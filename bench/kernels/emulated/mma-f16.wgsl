// mma f16 emulated — what lib/mma-f16 does, by shuffles and scalar arithmetic, so that kernels made for matrix
// units are tested on adapters that have none. As there, a subgroup holds a matrix together, four elements after
// four dealt out over its lanes: of an operand four of a row of MM or MN for one k, of a result four of a row of
// MN. MM / 4 and MN / 4 divide LANES, so the lanes of a shuffle read the same of their own.
alias Part = f16;
// vec4s of each kind of matrix that a lane holds.
const LEFT_QUADS: u32 = (MM * MK / 4u + LANES - 1u) / LANES;
const RIGHT_QUADS: u32 = (MK * MN / 4u + LANES - 1u) / LANES;
const RESULT_QUADS: u32 = (MM * MN / 4u + LANES - 1u) / LANES;

struct Left {
  quads: array<vec4<Part>, LEFT_QUADS>,
}
struct Right {
  quads: array<vec4<Part>, RIGHT_QUADS>,
}
struct Result {
  quads: array<vec4f, RESULT_QUADS>,
}

fn to_part(v: vec4f) -> vec4<Part> {
  return vec4<Part>(clamp(v, vec4f(-65504.0), vec4f(65504.0)));
}

// This lane's number within its subgroup.
fn lane_rank() -> u32 {
  return subgroupExclusiveAdd(1u);
}

// The same number, which no compiler can know: it would unroll these loops, and take long over them.
fn rolled(count: u32) -> u32 {
  return count * subgroupAdd(1u) / LANES;
}

// Four rows' values of one column: those `k` behind each row's beginning.
fn column_of(at: u32, stride: u32, k: u32) -> vec4<Part> {
  let first = at + k / 4u;
  return vec4<Part>(
    parts[first][k % 4u],
    parts[first + stride][k % 4u],
    parts[first + 2u * stride][k % 4u],
    parts[first + 3u * stride][k % 4u],
  );
}

fn load_left(at: u32, stride: u32) -> Left {
  var left: Left;
  let count = rolled(LEFT_QUADS);
  let rank = lane_rank();
  for (var i = 0u; i < count; i++) {
    let q = min(i * LANES + rank, MM * MK / 4u - 1u);
    left.quads[i] = column_of(at + q % (MM / 4u) * 4u * stride, stride, q / (MM / 4u));
  }
  return left;
}

fn load_right(at: u32, stride: u32) -> Right {
  var right: Right;
  let count = rolled(RIGHT_QUADS);
  let rank = lane_rank();
  for (var i = 0u; i < count; i++) {
    let q = min(i * LANES + rank, MK * MN / 4u - 1u);
    right.quads[i] = column_of(at + q % (MN / 4u) * 4u * stride, stride, q / (MN / 4u));
  }
  return right;
}

fn load_right_rows(at: u32, stride: u32) -> Right {
  var right: Right;
  let count = rolled(RIGHT_QUADS);
  let rank = lane_rank();
  for (var i = 0u; i < count; i++) {
    let q = min(i * LANES + rank, MK * MN / 4u - 1u);
    right.quads[i] = parts[at + q / (MN / 4u) * stride + q % (MN / 4u)];
  }
  return right;
}

fn mma(left: Left, right: Right, sum: Result) -> Result {
  var l = left;
  var r = right;
  var result = sum;
  let depth = rolled(MK);
  let count = rolled(RESULT_QUADS);
  let rank = lane_rank();
  for (var k = 0u; k < depth; k++) {
    let at_left = k * (MM / 4u);
    let at_right = k * (MN / 4u);
    let row = vec4f(subgroupShuffle(r.quads[at_right / LANES], at_right % LANES + rank % (MN / 4u)));
    for (var i = 0u; i < count; i++) {
      let m = min((i * LANES + rank) / (MN / 4u), MM - 1u);
      let column = subgroupShuffle(l.quads[at_left / LANES], at_left % LANES + m / 4u);
      result.quads[i] += f32(column[m % 4u]) * row;
    }
  }
  return result;
}

fn store_result(at: u32, stride: u32, result: Result) {
  var r = result;
  let count = rolled(RESULT_QUADS);
  let rank = lane_rank();
  for (var i = 0u; i < count; i++) {
    let q = i * LANES + rank;
    if (q < MM * MN / 4u) {
      sums[at + q / (MN / 4u) * stride + q % (MN / 4u)] = r.quads[i];
    }
  }
}

fn load_result(at: u32, stride: u32) -> Result {
  var result: Result;
  let count = rolled(RESULT_QUADS);
  let rank = lane_rank();
  for (var i = 0u; i < count; i++) {
    let q = min(i * LANES + rank, MM * MN / 4u - 1u);
    result.quads[i] = sums[at + q / (MN / 4u) * stride + q % (MN / 4u)];
  }
  return result;
}
