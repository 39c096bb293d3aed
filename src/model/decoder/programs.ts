import { argmax } from '../../../kernels/argmax.ts';
import { attention } from '../../../kernels/attention.ts';
import { attentionShuffle } from '../../../kernels/attention-shuffle.ts';
import { embed } from '../../../kernels/embed.ts';
import {
  kvLoadModules,
  kvStoreModules,
  type OutModule,
  reduceModuleFor,
  weightModules,
} from '../../../kernels/modules.ts';
import { pickToken } from '../../../kernels/pick-token.ts';
import { rmsnorm } from '../../../kernels/rmsnorm.ts';
import { ropeAppend } from '../../../kernels/rope-append.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel, KernelCompiler, Slice } from '../../gpu/program.ts';
import { ARGMAX_PARTS, padded, RING, type RunBuffers, type RunShape } from './buffers.ts';
import type { DeviceMatrix } from './device-matrix.ts';
import { chooseAttention } from './kernel-choice.ts';
import { productKernel } from './product.ts';
import type { DecoderWeights, LayerWeights } from './weights.ts';

/** The kernels of a forward pass, bound to their buffers, in the order in which they run. */
export interface Program {
  /** New rows → residual stream after the last layer. */
  body: BoundKernel[];
  /** Last row of each sequence → logits → next token; moves the run state on. */
  pick: BoundKernel[];
}

/** Reads the bits of an f32: constants in a kernel's text are u32. */
function floatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
}

/** Binds the decoder's kernels for one run: `decode` has one new token a sequence, `prefill` many. */
export class ProgramBuilder {
  readonly #gpu: GpuDevice;
  readonly #compiler: KernelCompiler;
  readonly #shape: RunShape;
  readonly #weights: DecoderWeights;
  readonly #run: RunBuffers;

  constructor(
    gpu: GpuDevice,
    compiler: KernelCompiler,
    shape: RunShape,
    weights: DecoderWeights,
    run: RunBuffers,
  ) {
    this.#gpu = gpu;
    this.#compiler = compiler;
    this.#shape = shape;
    this.#weights = weights;
    this.#run = run;
  }

  async build(kind: 'decode' | 'prefill'): Promise<Program> {
    const run = this.#run;
    const weights = this.#weights;
    const few = kind === 'decode';
    const layers = await Promise.all(weights.layers.map((layer, i) => this.#layer(layer, i, few)));
    return {
      body: [...(await this.#embed()), ...layers.flat()],
      pick: [
        await this.#norm(weights.finalNorm, true),
        ...(await this.#head(run.logits, 'last')),
        await this.#argmax(),
        await this.#pickToken(),
      ],
    };
  }

  /** Logits of every new row into `logits` f32[rows, vocab]; for evaluation, not for speed. */
  async buildLogits(logits: GPUBuffer): Promise<BoundKernel[]> {
    return [await this.#norm(this.#weights.finalNorm, false), ...(await this.#head(logits, 'all'))];
  }

  async #layer(w: LayerWeights, i: number, few: boolean): Promise<BoundKernel[]> {
    const run = this.#run;
    const { dim, hiddenDim, heads, kvHeads, headDim } = this.#shape.config;
    const qkvDim = (heads + 2 * kvHeads) * headDim;
    const x: Product = { x: run.norm, xStride: padded(dim), few, rows: 'all' };
    const groups = await Promise.all([
      this.#norm(w.attnNorm, false),
      this.#product(w.qkv, x, w.qkvBias ? 'bias' : 'store', run.qkv, qkvDim, w.qkvBias),
      this.#ropeAppend(w, i),
      this.#attention(i, few),
      this.#product(
        w.o,
        { ...x, x: run.attended, xStride: padded(heads * headDim) },
        'residual',
        run.x,
        padded(dim),
      ),
      this.#norm(w.mlpNorm, false),
      this.#product(w.gateUp, x, 'swiglu', run.hidden, padded(hiddenDim)),
      this.#product(
        w.down,
        { ...x, x: run.hidden, xStride: padded(hiddenDim) },
        'residual',
        run.x,
        padded(dim),
      ),
    ]);
    return groups.flat();
  }

  async #embed(): Promise<BoundKernel[]> {
    const table = this.#weights.embed;
    return Promise.all(
      table.slices.map((slice) =>
        this.#compiler.bind(
          instantiate(embed, {
            dims: {
              k: table.k,
              n: slice.rows,
              row0: slice.row0,
              xStride: padded(table.k),
            },
            modules: { weights: weightModules[table.format] },
          }),
          { tokens: { buffer: this.#run.tokens }, x: { buffer: this.#run.x }, ...slice.planes },
        ),
      ),
    );
  }

  #norm(weight: GPUBuffer, last: boolean): Promise<BoundKernel> {
    const { config, activations } = this.#shape;
    const instance = instantiate(rmsnorm, {
      dims: {
        dim: config.dim,
        xStride: padded(config.dim),
        epsBits: floatBits(config.normEps),
        last: last ? 1 : 0,
      },
      modules: { reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0) },
      elem: activations,
    });
    const { state, x, norm } = this.#run;
    return this.#compiler.bind(instance, buffers({ state, x, w: weight, y: norm }));
  }

  async #head(logits: GPUBuffer, rows: 'all' | 'last'): Promise<BoundKernel[]> {
    const { config } = this.#shape;
    const x: Product = {
      x: this.#run.norm,
      xStride: padded(config.dim),
      few: rows === 'last',
      rows,
    };
    return this.#product(this.#weights.head, x, 'logits', logits, config.vocab);
  }

  /** y = x·Wᵀ through `out`, one dispatch a slice of W. */
  #product(
    matrix: DeviceMatrix,
    from: Product,
    out: OutModule,
    y: GPUBuffer,
    yStride: number,
    bias: GPUBuffer | null = null,
  ): Promise<BoundKernel[]> {
    const { batch, activations } = this.#shape;
    return Promise.all(
      matrix.slices.map((slice) => {
        const instance = productKernel(this.#gpu, {
          format: matrix.format,
          n: slice.rows,
          k: matrix.k,
          batch,
          few: from.few,
          rows: from.rows,
          out,
          xStride: from.xStride,
          yStride,
          yOffset: slice.row0,
          elem: activations,
        });
        const bound = buffers({ x: from.x, y, state: this.#run.state });
        if (bias) bound.bias = { buffer: bias };
        return this.#compiler.bind(instance, { ...bound, ...slice.planes });
      }),
    );
  }

  #ropeAppend(w: LayerWeights, i: number): Promise<BoundKernel> {
    const { config, activations, kv, capacity } = this.#shape;
    const { heads, kvHeads, headDim } = config;
    const instance = instantiate(ropeAppend, {
      dims: {
        heads,
        kvHeads,
        headDim,
        capacity,
        qkvStride: (heads + 2 * kvHeads) * headDim,
        qStride: padded(heads * headDim),
        qkNorm: config.qkNorm ? 1 : 0,
        epsBits: floatBits(config.normEps),
      },
      modules: { reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0), kv: kvStoreModules[kv] },
      elem: activations,
    });
    const { state, qkv, q } = this.#run;
    const { cos, sin } = this.#weights;
    return this.#compiler.bind(
      instance,
      buffers({
        state,
        qkv,
        cos,
        sin,
        q,
        // Without q/k norm the kernel never reads them, but a binding wants a buffer.
        q_norm: w.qNorm ?? w.attnNorm,
        k_norm: w.kNorm ?? w.attnNorm,
        ...this.#cache(i),
      }),
    );
  }

  #attention(i: number, few: boolean): Promise<BoundKernel> {
    const { config, activations, kv, capacity } = this.#shape;
    const { heads, kvHeads, headDim } = config;
    const dims = { heads, kvHeads, headDim, capacity, qStride: padded(heads * headDim) };
    const { kernel, lanes, tunables } = chooseAttention(this.#gpu, { config, few });
    const instance = instantiate(kernel === 'attention' ? attention : attentionShuffle, {
      dims: { ...dims, lanes },
      tunables,
      modules: { kv: kvLoadModules[kv] },
      elem: activations,
    });
    const { state, q, attended } = this.#run;
    return this.#compiler.bind(instance, buffers({ state, q, y: attended, ...this.#cache(i) }));
  }

  #cache(i: number): { k_cache: GPUBuffer; v_cache: GPUBuffer } {
    const k_cache = this.#run.k[i];
    const v_cache = this.#run.v[i];
    if (!k_cache || !v_cache) throw new RangeError(`no KV cache for layer ${i}`);
    return { k_cache, v_cache };
  }

  #argmax(): Promise<BoundKernel> {
    const { logits, candidates } = this.#run;
    const instance = instantiate(argmax, {
      dims: { vocab: this.#shape.config.vocab, parts: ARGMAX_PARTS },
    });
    return this.#compiler.bind(instance, buffers({ logits, candidates }));
  }

  #pickToken(): Promise<BoundKernel> {
    const { candidates, tokens, picked, state } = this.#run;
    const instance = instantiate(pickToken, {
      dims: { batch: this.#shape.batch, parts: ARGMAX_PARTS, ring: RING },
    });
    return this.#compiler.bind(instance, buffers({ candidates, tokens, picked, run_state: state }));
  }
}

/** The activation side of a matrix product. */
interface Product {
  x: GPUBuffer;
  xStride: number;
  /** One row a sequence, known beforehand. */
  few: boolean;
  rows: 'all' | 'last';
}

function buffers(named: Record<string, GPUBuffer>): Record<string, Slice> {
  return Object.fromEntries(Object.entries(named).map(([name, buffer]) => [name, { buffer }]));
}
