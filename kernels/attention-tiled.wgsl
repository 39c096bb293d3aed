// attention-tiled — y[r, h, :] = Σ_j softmax_j(q[r, h]·k[j] / √HEAD_DIM)·v[j] over j ≤ position of row r
//
// in     q elem[rows, Q_STRIDE]; k, v [batch, KV_HEADS, CAPACITY, HEAD_DIM] through `kv`
// out    y elem[rows, Q_STRIDE]
// grid   [seq·HEADS/KV_HEADS / BQ, KV_HEADS, batch]: a workgroup takes BQ of the queries that share keys
// cost   bytes length·2·HEAD_DIM·|kv|·KV_HEADS·batch·seq·HEADS/KV_HEADS/BQ at worst; flops
//        4·rows·HEADS·length·HEAD_DIM
// needs  HEAD_DIM a multiple of 4; BK a multiple of 16, BQ of TM, DEPTH and VALUES of 4
// why    flash attention for any adapter: scores in tiles of TM×4 a thread from DEPTH columns of queries and
//        keys at a time, then probabilities times VALUES rows of values; both phases use the same workgroup
//        memory. A tile that lies behind all queries of a workgroup is never visited, and the workgroups
//        with the longest rows start first. The row's maximum goes through workgroup memory, its sum stays
//        apart in the threads until the end.
const COLUMNS: u32 = HEAD_DIM / 4u;
const GROUP: u32 = HEADS / KV_HEADS;
const TX: u32 = BK / 4u;
const WG: u32 = TX * BQ / TM;
const LOWEST: f32 = -3.0e38;

// Rows of vec4 in workgroup memory: one more than they hold, so that neighbours lie in different banks.
const CHUNK: u32 = DEPTH / 4u;
const CHUNK_ROW: u32 = CHUNK + 1u;
const P_ROW: u32 = TX + 1u;
const PER_THREAD: u32 = (COLUMNS + TX - 1u) / TX;
const KEYS_AT: u32 = BQ * CHUNK_ROW;
const VALUES_AT: u32 = BQ * P_ROW;
var<workgroup> tile: array<vec4f, max((BQ + BK) * CHUNK_ROW, BQ * P_ROW + VALUES * COLUMNS)>;
const PARTS_ROW: u32 = BQ + 1u;
var<workgroup> row_parts: array<f32, PARTS_ROW * TX>;
// The maximum of a row so far, and what its sums shrink by since the maximum before.
var<workgroup> row_tops: array<vec2f, BQ>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tx = thread % TX;
  let row0 = thread / TX * TM;
  // Query r of the group's: token r / GROUP, head r % GROUP. Past the end the last one is repeated.
  let queries = state.seq * GROUP;
  let r0 = ((queries + BQ - 1u) / BQ - 1u - group.x) * BQ;
  let length = state.position + (min(r0 + BQ, queries) - 1u) / GROUP + 1u;
  let base = (group.z * KV_HEADS + group.y) * CAPACITY;

  // Bounds that are known only at run time keep a driver from unrolling loops with barriers in them, which
  // takes software adapters many seconds.
  let columns = select(0u, COLUMNS, queries > 0u);

  var acc: array<vec4f, TM * PER_THREAD>;
  var total: array<f32, TM>;
  for (var row = thread; row < BQ; row += WG) {
    row_tops[row] = vec2f(LOWEST, 1.0);
  }

  for (var j0 = 0u; j0 < length; j0 += BK) {
    // Spelled out: Dawn leaves a variable that is declared in a loop as the last turn left it.
    var score: array<vec4f, TM>;
    for (var i = 0u; i < TM; i++) {
      score[i] = vec4f();
    }
    for (var c0 = 0u; c0 < columns; c0 += CHUNK) {
      for (var i = thread; i < (BQ + BK) * CHUNK; i += WG) {
        let row = i / CHUNK;
        let c = c0 + i % CHUNK;
        var value = vec4f();
        if (c < COLUMNS) {
          if (row < BQ) {
            let r = min(r0 + row, queries - 1u);
            let token = group.z * state.seq + r / GROUP;
            let head = group.y * GROUP + r % GROUP;
            value = vec4f(q[token * (Q_STRIDE / 4u) + head * COLUMNS + c]);
          } else {
            let key = base + min(j0 + row - BQ, length - 1u);
            value = load_k(key * COLUMNS + c) * (k_scale(key) * inverseSqrt(f32(HEAD_DIM)));
          }
        }
        tile[row * CHUNK_ROW + i % CHUNK] = value;
      }
      workgroupBarrier();
      for (var c = 0u; c < min(CHUNK, columns - c0); c++) {
        let key0 = tile[KEYS_AT + (tx * 4u) * CHUNK_ROW + c];
        let key1 = tile[KEYS_AT + (tx * 4u + 1u) * CHUNK_ROW + c];
        let key2 = tile[KEYS_AT + (tx * 4u + 2u) * CHUNK_ROW + c];
        let key3 = tile[KEYS_AT + (tx * 4u + 3u) * CHUNK_ROW + c];
        for (var i = 0u; i < TM; i++) {
          let query = tile[(row0 + i) * CHUNK_ROW + c];
          score[i] += vec4f(dot(query, key0), dot(query, key1), dot(query, key2), dot(query, key3));
        }
      }
      workgroupBarrier();
    }

    let j = vec4u(j0 + tx * 4u) + vec4u(0u, 1u, 2u, 3u);
    for (var i = 0u; i < TM; i++) {
      let last = state.position + min(r0 + row0 + i, queries - 1u) / GROUP;
      score[i] = select(vec4f(LOWEST), score[i], j <= vec4u(last));
      let most = max(score[i].xy, score[i].zw);
      row_parts[tx * PARTS_ROW + row0 + i] = max(most.x, most.y);
    }
    workgroupBarrier();
    for (var row = thread; row < BQ; row += WG) {
      let top = row_tops[row].x;
      var new_top = top;
      for (var t = 0u; t < TX; t++) {
        new_top = max(new_top, row_parts[t * PARTS_ROW + row]);
      }
      row_tops[row] = vec2f(new_top, exp(top - new_top));
    }
    workgroupBarrier();
    for (var i = 0u; i < TM; i++) {
      let top = row_tops[row0 + i];
      // Every row has seen position 0 by now, so its top is a score and what is masked counts for 0.
      let weight = exp(score[i] - top.x);
      total[i] = total[i] * top.y + dot(weight, vec4f(1.0));
      for (var p = 0u; p < PER_THREAD; p++) {
        acc[i * PER_THREAD + p] *= top.y;
      }
      tile[(row0 + i) * P_ROW + tx] = weight;
    }

    for (var v0 = 0u; v0 < min(BK, length - j0); v0 += VALUES) {
      for (var i = thread; i < VALUES * COLUMNS; i += WG) {
        let value = base + min(j0 + v0 + i / COLUMNS, length - 1u);
        tile[VALUES_AT + i] = load_v(value * COLUMNS + i % COLUMNS) * v_scale(value);
      }
      workgroupBarrier();
      for (var v = 0u; v < min(VALUES, length - j0 - v0); v += 4u) {
        var weight: array<vec4f, TM>;
        for (var i = 0u; i < TM; i++) {
          weight[i] = tile[(row0 + i) * P_ROW + (v0 + v) / 4u];
        }
        for (var p = 0u; p < PER_THREAD; p++) {
          let at = VALUES_AT + v * COLUMNS + min(p * TX + tx, COLUMNS - 1u);
          let value0 = tile[at];
          let value1 = tile[at + COLUMNS];
          let value2 = tile[at + COLUMNS * 2u];
          let value3 = tile[at + COLUMNS * 3u];
          for (var i = 0u; i < TM; i++) {
            let w = weight[i];
            acc[i * PER_THREAD + p] += w.x * value0 + w.y * value1 + w.z * value2 + w.w * value3;
          }
        }
      }
      workgroupBarrier();
    }
  }

  for (var i = 0u; i < TM; i++) {
    row_parts[tx * PARTS_ROW + row0 + i] = total[i];
  }
  workgroupBarrier();
  for (var i = 0u; i < TM; i++) {
    var sum = 0.0;
    for (var t = 0u; t < TX; t++) {
      sum += row_parts[t * PARTS_ROW + row0 + i];
    }
    let r = r0 + row0 + i;
    let token = group.z * state.seq + r / GROUP;
    let head = group.y * GROUP + r % GROUP;
    for (var p = 0u; p < PER_THREAD; p++) {
      let column = p * TX + tx;
      if (r < queries && column < COLUMNS) {
        y[token * (Q_STRIDE / 4u) + head * COLUMNS + column] =
          vec4<elem>(acc[i * PER_THREAD + p] / sum);
      }
    }
  }
}
