import { InferenceSession, Tensor } from 'onnxruntime-node';

/**
 * An exported decoder on bare onnxruntime-node, none of mtok's code: the peer that shows what mtok adds to a time.
 * `tsx bench/ort-cpu-script.ts GRAPH.onnx PROMPT GENERATED PASSES` prints the times of all passes as JSON; caches
 * are float32, the batch is one. See ort-cpu-peer.ts.
 */
const [graph = '', prompt = 128, generated = 32, passes = 12] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [string, number, number, number];

const session = await InferenceSession.create(graph);
const past: Record<string, Tensor> = {};
const present: Record<string, Tensor> = {};
for (const input of session.inputMetadata) {
  if (!input.isTensor || !input.name.startsWith('past_key_values')) continue;
  const dims = [1, Number(input.shape[1]), prompt + generated, Number(input.shape[3])];
  const size = dims.reduce((product, dim) => product * dim);
  // Read as the past and written as the present: the cache is never copied.
  const cache = new Tensor('float32', new Float32Array(size), dims);
  past[input.name] = cache;
  present[input.name.replace('past_key_values', 'present')] = cache;
}

async function append(ids: bigint[], position: number): Promise<bigint> {
  const total = position + ids.length;
  const feeds = {
    ...past,
    input_ids: new Tensor('int64', BigInt64Array.from(ids), [1, ids.length]),
    seqlens_k: new Tensor('int32', Int32Array.of(total - 1), [1]),
    total_sequence_length: new Tensor('int32', Int32Array.of(total), []),
  };
  const results = await session.run(feeds, { ...present, tokens: null });
  const [next] = (results.tokens as Tensor).data as BigInt64Array;
  return next as bigint;
}

const times: { prefillMs: number; decodeMs: number }[] = [];
for (let pass = 0; pass < passes; pass++) {
  const ids = Array.from({ length: prompt }, () => BigInt(Math.floor(Math.random() * 1000)));
  const began = performance.now();
  let next = await append(ids, 0);
  const prefilled = performance.now();
  for (let i = 0; i < generated; i++) next = await append([next], prompt + i);
  times.push({ prefillMs: prefilled - began, decodeMs: performance.now() - prefilled });
}
console.log(JSON.stringify(times));
