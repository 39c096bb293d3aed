// attention-split — y[b, h, :] = Σ_j softmax_j(q[b, h]·k[j] / √HEAD_DIM)·v[j] for one new token a sequence
//
// in     q elem[batch, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// out    through `out`: y elem[batch, Q_STRIDE] where SPLITS is 1, else partials for attention-merge
//        (the largest score of a split, the sums over it of e^(score − largest) and of those times v)
// grid   [SPLITS·SLICES, KV_HEADS, batch]: a workgroup takes a split of the positions and a slice of the
//        HEADS/KV_HEADS query heads that share keys; a team of LANES threads takes KEYS positions a turn
// cost   bytes length·2·HEAD_DIM·|kv|·KV_HEADS·batch·SLICES; flops 4·batch·HEADS·length·HEAD_DIM
// needs  HEAD_DIM a multiple of 8; LANES a power of two, with subgroups no larger than the smallest subgroup
// why    each key and value is read once, 16 bytes a thread (f16), for a whole group of heads, whose queries
//        and sums stay in registers; a score is added up by shuffles, so the loop has neither barrier nor
//        workgroup memory. Teams read neighbouring rows. They meet once, at the end, in a tree that takes
//        as many teams at a time as MEETING bytes hold.
const OCTS: u32 = HEAD_DIM / 8u;
const PER_LANE: u32 = (OCTS + LANES - 1u) / LANES;
const GROUP: u32 = HEADS / KV_HEADS;
const HEADS_PER: u32 = (GROUP + SLICES - 1u) / SLICES;
const TEAMS: u32 = WG / LANES;
const TURN: u32 = TEAMS * KEYS;
const LOWEST: f32 = -3.0e38;

// vec4 that a thread holds of sums; how many teams' sums fit into workgroup memory at once.
const HELD: u32 = HEADS_PER * PER_LANE * 2u;
const MEETING: u32 = 12288u;
const ROOM: u32 = clamp(MEETING / (LANES * HELD * 16u), 1u, max(1u, TEAMS / 2u));
var<workgroup> sums: array<vec4f, ROOM * LANES * HELD>;
var<workgroup> marks: array<vec2f, ROOM * HEADS_PER>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % LANES;
  let team = thread / LANES;
  let split = group.x % SPLITS;
  let head0 = group.x / SPLITS * HEADS_PER;
  let length = state.position + 1u;
  // Shares are whole turns: a shorter one would take as long.
  let share = (length + SPLITS * TURN - 1u) / (SPLITS * TURN) * TURN;
  let begin = min(split * share, length);
  let end = min(begin + share, length);
  let base = (group.z * KV_HEADS + group.y) * CAPACITY;

  var query: array<vec4f, HELD>;
  var acc: array<vec4f, HELD>;
  var top: array<f32, HEADS_PER>;
  var total: array<f32, HEADS_PER>;
  for (var h = 0u; h < HEADS_PER; h++) {
    // Past the group's end its last head is repeated, past the row's end queries are 0.
    let head = group.y * GROUP + min(head0 + h, GROUP - 1u);
    let at0 = group.z * (Q_STRIDE / 4u) + head * (HEAD_DIM / 4u);
    for (var p = 0u; p < PER_LANE; p++) {
      let oct = p * LANES + lane;
      let factor = select(0.0, inverseSqrt(f32(HEAD_DIM)), oct < OCTS);
      let at = at0 + min(oct, OCTS - 1u) * 2u;
      query[(h * PER_LANE + p) * 2u] = vec4f(q[at]) * factor;
      query[(h * PER_LANE + p) * 2u + 1u] = vec4f(q[at + 1u]) * factor;
    }
    top[h] = LOWEST;
  }

  for (var turn = begin; turn < end; turn += TURN) {
    // Spelled out: Dawn leaves a variable that is declared in a loop as the last turn left it.
    var score: array<f32, HEADS_PER * KEYS>;
    for (var i = 0u; i < HEADS_PER * KEYS; i++) {
      score[i] = 0.0;
    }
    for (var k = 0u; k < KEYS; k++) {
      let row = base + min(turn + k * TEAMS + team, end - 1u);
      for (var p = 0u; p < PER_LANE; p++) {
        let key = load_k_oct(row * OCTS + min(p * LANES + lane, OCTS - 1u));
        for (var h = 0u; h < HEADS_PER; h++) {
          let at = (h * PER_LANE + p) * 2u;
          score[h * KEYS + k] += dot(query[at], key[0]) + dot(query[at + 1u], key[1]);
        }
      }
      let worth = k_scale(row);
      for (var h = 0u; h < HEADS_PER; h++) {
        let sum = reduce_lanes(score[h * KEYS + k], thread) * worth;
        score[h * KEYS + k] = select(LOWEST, sum, turn + k * TEAMS + team < end);
      }
    }
    for (var h = 0u; h < HEADS_PER; h++) {
      var new_top = top[h];
      for (var k = 0u; k < KEYS; k++) {
        new_top = max(new_top, score[h * KEYS + k]);
      }
      let shrink = exp(top[h] - new_top);
      var added = 0.0;
      for (var k = 0u; k < KEYS; k++) {
        let weight = exp(score[h * KEYS + k] - new_top);
        score[h * KEYS + k] = select(0.0, weight, turn + k * TEAMS + team < end);
        added += score[h * KEYS + k];
      }
      total[h] = total[h] * shrink + added;
      for (var i = 0u; i < PER_LANE * 2u; i++) {
        acc[h * PER_LANE * 2u + i] *= shrink;
      }
      top[h] = new_top;
    }
    for (var k = 0u; k < KEYS; k++) {
      let row = base + min(turn + k * TEAMS + team, end - 1u);
      let worth = v_scale(row);
      for (var p = 0u; p < PER_LANE; p++) {
        let value = load_v_oct(row * OCTS + min(p * LANES + lane, OCTS - 1u));
        for (var h = 0u; h < HEADS_PER; h++) {
          let at = (h * PER_LANE + p) * 2u;
          let weight = score[h * KEYS + k] * worth;
          acc[at] += weight * value[0];
          acc[at + 1u] += weight * value[1];
        }
      }
    }
  }

  for (var teams = TEAMS; teams > 1u;) {
    let gone = min(teams / 2u, ROOM);
    let kept = teams - gone;
    if (team >= kept && team < teams) {
      for (var i = 0u; i < HELD; i++) {
        sums[((team - kept) * HELD + i) * LANES + lane] = acc[i];
      }
      if (lane == 0u) {
        for (var h = 0u; h < HEADS_PER; h++) {
          marks[(team - kept) * HEADS_PER + h] = vec2f(top[h], total[h]);
        }
      }
    }
    workgroupBarrier();
    if (team < gone) {
      for (var h = 0u; h < HEADS_PER; h++) {
        let other = marks[team * HEADS_PER + h];
        let new_top = max(top[h], other.x);
        let shrink = vec2f(exp(top[h] - new_top), exp(other.x - new_top));
        total[h] = total[h] * shrink.x + other.y * shrink.y;
        for (var i = h * PER_LANE * 2u; i < (h + 1u) * PER_LANE * 2u; i++) {
          acc[i] = acc[i] * shrink.x + sums[(team * HELD + i) * LANES + lane] * shrink.y;
        }
        top[h] = new_top;
      }
    }
    workgroupBarrier();
    teams = kept;
  }

  if (team == 0u) {
    for (var h = 0u; h < HEADS_PER; h++) {
      for (var p = 0u; p < PER_LANE; p++) {
        let oct = p * LANES + lane;
        if (oct < OCTS && head0 + h < GROUP) {
          let head = group.y * GROUP + head0 + h;
          let at = (h * PER_LANE + p) * 2u;
          emit_attended(group.z, head, split, oct * 2u, acc[at], top[h], total[h]);
          emit_attended(group.z, head, split, oct * 2u + 1u, acc[at + 1u], top[h], total[h]);
        }
      }
    }
  }
}
