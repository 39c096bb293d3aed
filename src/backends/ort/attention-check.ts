import type { ModelConfig } from '../../model/config.ts';
import { paddedHeadDim } from '../../model/onnx/decoder-io.ts';
import { GraphBuilder } from '../../model/onnx/graph.ts';
import type { FloatType } from '../../model/onnx/weight-data.ts';
import { type InferenceSession, loadRuntime, type Tensor } from './runtime.ts';

/** From here on the WebGPU provider attends with another kernel than below (flash_attention.cc). */
const LONG = 32;
const TOKENS = 64;
/** Largest difference between the two kernels on values of unit size that rounding can explain. */
const TOLERANCE = { float32: 1e-3, float16: 3e-2 } as const;

function attentionGraph(headDim: number, float: FloatType): Uint8Array {
  const graph = new GraphBuilder();
  const rows = (name: string) => graph.input(name, 'float32', [1, 'rows', headDim]);
  const to = float === 'float16' ? 10 : 1;
  const cast = (name: string, type: number) =>
    graph.node(`${name}.cast`, 'Cast', [name], { attributes: { to: type } });
  const qkv = ['q', 'k', 'v'].map((name) => cast(rows(name), to));
  graph.input('seqlens_k', 'int32', [1]);
  graph.input('total', 'int32', []);
  const input = [...qkv, '', '', 'seqlens_k', 'total'];
  graph.node('y', 'GroupQueryAttention', input, {
    domain: 'com.microsoft',
    attributes: { num_heads: 1, kv_num_heads: 1 },
    outputs: ['y', 'present_key', 'present_value'],
  });
  graph.node('out', 'Cast', ['y'], { attributes: { to: 1 } });
  graph.output('out', 'float32', [1, 'rows', headDim]);
  return graph.encode('attention-check', '');
}

/** Some numbers in −1…1 that do not repeat. */
function wave(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + phase + (i % 11)));
}

/**
 * Most tokens that one run may append for attention to be right on this device; 0: any number.
 *
 * The WebGPU provider's kernel for 32 and more query tokens returns wrong sums on some adapters (software
 * ones among them); its kernel for fewer is right there. Causal attention of the first tokens does not depend
 * on those behind, so both kernels must agree on them: where they do not, prompts are cut into short runs.
 */
export async function longestRightRun(
  config: ModelConfig,
  float: FloatType,
  options: InferenceSession.SessionOptions,
): Promise<number> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const headDim = paddedHeadDim(config.headDim);
  const session = await InferenceSession.create(attentionGraph(headDim, float), options);
  try {
    const attend = async (tokens: number): Promise<Float32Array> => {
      const rows = (phase: number): Tensor =>
        new Tensor('float32', wave(tokens * headDim, phase), [1, tokens, headDim]);
      const { out } = await session.run({
        q: rows(0),
        k: rows(1),
        v: rows(2),
        seqlens_k: new Tensor('int32', Int32Array.of(tokens - 1), [1]),
        total: new Tensor('int32', Int32Array.of(tokens), []),
      });
      return out?.data as Float32Array;
    };
    const long = await attend(TOKENS);
    const short = await attend(LONG - 1);
    const agree = short.every((value, i) => Math.abs(value - (long[i] ?? 0)) <= TOLERANCE[float]);
    return agree ? 0 : LONG - 1;
  } finally {
    await session.release();
  }
}
