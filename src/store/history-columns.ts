/** One column of the table `records`: what it is made of, in terms of a record `j`, and what it says. */
export interface HistoryColumn {
  name: string;
  type: 'TEXT' | 'BIGINT' | 'DOUBLE' | 'TIMESTAMP' | 'TEXT[]';
  sql: string;
  about: string;
}

const estimate = { median: 'DOUBLE', low: 'DOUBLE', high: 'DOUBLE' };

/** The parts of a record that are read, in the words of DuckDB's from_json; the raw samples stay behind. */
export const RECORD_SHAPE = {
  schema: 'DOUBLE',
  id: 'VARCHAR',
  run: 'VARCHAR',
  key: 'VARCHAR',
  createdAt: 'VARCHAR',
  cell: {
    model: 'VARCHAR',
    backend: 'VARCHAR',
    host: 'VARCHAR',
    variant: { weights: 'VARCHAR', kv: 'VARCHAR', activations: 'VARCHAR' },
    workload: {
      promptTokens: 'BIGINT',
      generatedTokens: 'BIGINT',
      depth: 'BIGINT',
      batch: 'BIGINT',
    },
  },
  modelSha256: 'VARCHAR',
  device: { name: 'VARCHAR', kind: 'VARCHAR', details: { driver: 'VARCHAR' } },
  outcome: { status: 'VARCHAR', code: 'VARCHAR' },
  flags: [{ code: 'VARCHAR' }],
  provenance: {
    command: 'VARCHAR',
    mtok: 'VARCHAR',
    commit: 'VARCHAR',
    node: 'VARCHAR',
    os: 'VARCHAR',
    cpu: 'VARCHAR',
    webgpu: 'VARCHAR',
    'onnxruntime-node': 'VARCHAR',
  },
  launches: [{ startedAt: 'VARCHAR' }],
  prefill: { tokensPerSecond: estimate, ttftMs: estimate },
  decode: {
    tokensPerSecond: estimate,
    tpotMs: { p50: 'DOUBLE', p95: 'DOUBLE', p99: 'DOUBLE' },
    runAhead: { steps: 'BIGINT', tokensPerSecond: estimate },
  },
  memory: {
    weightsBytes: 'BIGINT',
    kvCacheBytes: 'BIGINT',
    activationBytes: 'BIGINT',
    peakGpuBytes: 'BIGINT',
    peakRssBytes: 'BIGINT',
  },
  cost: { usdPerHour: 'DOUBLE', inputUsdPerMtok: estimate, outputUsdPerMtok: estimate },
};

const text = (name: string, sql: string, about: string): HistoryColumn => ({
  name,
  type: 'TEXT',
  sql,
  about,
});
const count = (name: string, sql: string, about: string): HistoryColumn => ({
  name,
  type: 'BIGINT',
  sql,
  about,
});
const number = (name: string, sql: string, about: string): HistoryColumn => ({
  name,
  type: 'DOUBLE',
  sql,
  about,
});
/** A median and the bounds of its 95 % interval. */
const interval = (name: string, sql: string, about: string): HistoryColumn[] => [
  number(name, `${sql}.median`, about),
  number(`${name}_low`, `${sql}.low`, 'lower bound of its 95 % interval; null: none'),
  number(`${name}_high`, `${sql}.high`, 'upper bound'),
];

/** The table `records`, one row a record. */
export const HISTORY_COLUMNS: readonly HistoryColumn[] = [
  text('id', 'j.id', 'of the record'),
  text('run', 'j.run', 'same for all cells of one command'),
  text('key', 'j.key', 'same for what --resume takes as the same measurement'),
  {
    name: 'created_at',
    type: 'TIMESTAMP',
    sql: 'try_cast(j.createdAt AS TIMESTAMP)',
    about: 'when it was stored, UTC',
  },
  text('model', 'j.cell.model', 'as named on the command line'),
  text('model_sha256', 'j.modelSha256', 'of its files'),
  text('weights', 'j.cell.variant.weights', 'format of the weights'),
  text('kv', 'j.cell.variant.kv', 'format of the KV cache'),
  text('activations', 'j.cell.variant.activations', 'format of activations'),
  text('backend', 'j.cell.backend', 'engine and provider'),
  text('host', 'j.cell.host', 'node or chromium'),
  count('prompt_tokens', 'j.cell.workload.promptTokens', 'of each sequence'),
  count('generated_tokens', 'j.cell.workload.generatedTokens', 'of each sequence'),
  count('depth', 'j.cell.workload.depth', 'tokens in the cache before'),
  count('batch', 'j.cell.workload.batch', 'sequences at once'),
  text('status', 'j.outcome.status', 'ok, unsupported, failed or timed-out'),
  text('error', 'j.outcome.code', 'code of what ended it'),
  {
    name: 'flags',
    type: 'TEXT[]',
    sql: 'list_transform(j.flags, lambda f: f.code)',
    about: 'codes of the remarks on validity',
  },
  text('device', 'j.device.name', 'adapter or processor'),
  text('device_kind', 'j.device.kind', 'gpu, cpu or software'),
  text('driver', 'j.device.details.driver', 'as the adapter names it'),
  text('commit', 'j.provenance.commit', 'of mtok; -dirty behind it: changed'),
  text('mtok', 'j.provenance.mtok', 'version'),
  text(
    'engine',
    `CASE WHEN starts_with(j.cell.backend, 'ort-') THEN j.provenance."onnxruntime-node"
      WHEN j.cell.backend = 'wgsl' AND j.cell.host = 'node' THEN j.provenance.webgpu END`,
    'version of ONNX Runtime or of Dawn',
  ),
  text('node', 'j.provenance.node', 'version'),
  text('os', 'j.provenance.os', 'system'),
  text('cpu', 'j.provenance.cpu', 'processor'),
  text('command', 'j.provenance.command', 'command line'),
  count('launches', 'len(j.launches)', 'fresh sessions'),
  ...interval('prefill_tps', 'j.prefill.tokensPerSecond', 'tokens per second'),
  ...interval('ttft_ms', 'j.prefill.ttftMs', 'time to the first token'),
  ...interval('decode_tps', 'j.decode.tokensPerSecond', 'tokens per second, each awaited'),
  ...interval('run_ahead_tps', 'j.decode.runAhead.tokensPerSecond', 'tokens per second, run ahead'),
  number('tpot_p50_ms', 'j.decode.tpotMs.p50', 'time per output token, median'),
  number('tpot_p95_ms', 'j.decode.tpotMs.p95', '95th percentile'),
  number('tpot_p99_ms', 'j.decode.tpotMs.p99', '99th percentile'),
  count('weights_bytes', 'j.memory.weightsBytes', 'on the device'),
  count('kv_cache_bytes', 'j.memory.kvCacheBytes', 'on the device'),
  count('activation_bytes', 'j.memory.activationBytes', 'on the device'),
  count('peak_gpu_bytes', 'j.memory.peakGpuBytes', 'on the device'),
  count('peak_rss_bytes', 'j.memory.peakRssBytes', 'of the process'),
  number('usd_per_hour', 'j.cost.usdPerHour', 'price that costs are made with'),
  ...interval('input_usd_per_mtok', 'j.cost.inputUsdPerMtok', 'cost of input tokens'),
  ...interval('output_usd_per_mtok', 'j.cost.outputUsdPerMtok', 'cost of output tokens'),
];
