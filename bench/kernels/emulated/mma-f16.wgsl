// mma f16 emulated — what lib/mma-f16 does, in scalar arithmetic, so that kernels made for matrix units are
// tested on adapters that have none. Operands are copied when loaded, results are spread over the lanes of a
// subgroup, as a matrix unit does.
alias Part = f16;
// vec4s of a result, and how many of them a lane holds.
const QUADS: u32 = MM * MN / 4u;
const LANE_QUADS: u32 = (QUADS + LANES - 1u) / LANES;

struct Left {
  values: array<Part, MM * MK>,
}
struct Right {
  values: array<Part, MK * MN>,
}
struct Result {
  quads: array<vec4f, LANE_QUADS>,
}

fn to_part(v: vec4f) -> vec4<Part> {
  return vec4<Part>(clamp(v, vec4f(-65504.0), vec4f(65504.0)));
}

fn part_at(at: u32, i: u32) -> Part {
  return parts[at + i / 4u][i % 4u];
}

fn load_left(at: u32, stride: u32) -> Left {
  var left: Left;
  for (var i = 0u; i < MM * MK; i++) {
    left.values[i] = part_at(at + i / MK * stride, i % MK);
  }
  return left;
}

fn load_right(at: u32, stride: u32) -> Right {
  var right: Right;
  for (var i = 0u; i < MK * MN; i++) {
    right.values[i] = part_at(at + i % MN * stride, i / MN);
  }
  return right;
}

fn load_right_rows(at: u32, stride: u32) -> Right {
  var right: Right;
  for (var i = 0u; i < MK * MN; i++) {
    right.values[i] = part_at(at + i / MN * stride, i % MN);
  }
  return right;
}

// This lane's number within its subgroup.
fn lane_rank() -> u32 {
  return subgroupExclusiveAdd(1u);
}

fn mma(left: Left, right: Right, sum: Result) -> Result {
  var l = left;
  var r = right;
  var result = sum;
  let rank = lane_rank();
  for (var i = 0u; i < LANE_QUADS; i++) {
    let q = min(i * LANES + rank, QUADS - 1u);
    let m = q / (MN / 4u);
    let n = q % (MN / 4u) * 4u;
    for (var k = 0u; k < MK; k++) {
      let at = k * MN + n;
      let row = vec4f(f32(r.values[at]), f32(r.values[at + 1u]), f32(r.values[at + 2u]), f32(r.values[at + 3u]));
      result.quads[i] += f32(l.values[m * MK + k]) * row;
    }
  }
  return result;
}

fn store_result(at: u32, stride: u32, result: Result) {
  var r = result;
  let rank = lane_rank();
  for (var i = 0u; i < LANE_QUADS; i++) {
    let q = i * LANES + rank;
    if (q < QUADS) {
      sums[at + q / (MN / 4u) * stride + q % (MN / 4u)] = r.quads[i];
    }
  }
}

fn load_result(at: u32, stride: u32) -> Result {
  var result: Result;
  let rank = lane_rank();
  for (var i = 0u; i < LANE_QUADS; i++) {
    let q = min(i * LANES + rank, QUADS - 1u);
    result.quads[i] = sums[at + q / (MN / 4u) * stride + q % (MN / 4u)];
  }
  return result;
}
