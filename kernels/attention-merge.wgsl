// attention-merge — y[b, h, :] = Σ_s e^(m_s − top)·sum_s / Σ_s e^(m_s − top)·l_s with top = max m_s
//
// in     partials vec4f[batch, HEADS, SPLITS, HEAD_DIM/4 + 1]: sum_s of a split, then (m_s, l_s, 0, 0)
// out    y elem[batch, Q_STRIDE]
// grid   [HEADS, batch]: one workgroup a head
// cost   bytes batch·HEADS·SPLITS·(HEAD_DIM + 4)·4; flops 2·batch·HEADS·SPLITS·HEAD_DIM
// needs  HEAD_DIM a multiple of 4, at most 4·WG
// why    a split without positions has m = LOWEST and l = 0 and counts for nothing; the m and l are few enough
//        for every thread to go through them, and what is left over of a workgroup shares the splits
const COLUMNS: u32 = HEAD_DIM / 4u;
const PARTIAL: u32 = COLUMNS + 1u;
const TEAMS: u32 = WG / COLUMNS;
const LOWEST: f32 = -3.0e38;
var<workgroup> parts: array<vec4f, TEAMS * COLUMNS>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let base = (group.y * HEADS + group.x) * SPLITS * PARTIAL;
  var top = LOWEST;
  for (var s = 0u; s < SPLITS; s++) {
    top = max(top, partials[base + s * PARTIAL + COLUMNS].x);
  }
  var total = 0.0;
  for (var s = 0u; s < SPLITS; s++) {
    let mark = partials[base + s * PARTIAL + COLUMNS];
    total += exp(mark.x - top) * mark.y;
  }
  let column = thread % COLUMNS;
  let team = thread / COLUMNS;
  if (team < TEAMS) {
    var sum = vec4f();
    for (var s = team; s < SPLITS; s += TEAMS) {
      let at = base + s * PARTIAL;
      sum += exp(partials[at + COLUMNS].x - top) * partials[at + column];
    }
    parts[thread] = sum;
  }
  workgroupBarrier();
  if (thread < COLUMNS) {
    var sum = parts[thread];
    for (var t = 1u; t < TEAMS; t++) {
      sum += parts[t * COLUMNS + thread];
    }
    y[group.y * (Q_STRIDE / 4u) + group.x * COLUMNS + thread] = vec4<elem>(sum / total);
  }
}
