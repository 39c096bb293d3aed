import type { BoundKernel } from '../../gpu/program.ts';
import { bindAttention, bindRopeAppend } from './bind-attention.ts';
import { bindPick } from './bind-pick.ts';
import { bindEmbed, bindNormedProduct, bindProduct, type ProductInput } from './bind-product.ts';
import { padded } from './buffers.ts';
import type { ProgramContext, ProgramKind } from './program-context.ts';
import type { LayerWeights } from './weights.ts';

/** The kernels of a forward pass, bound to their buffers, in the order in which they run. */
export interface Program {
  /** New rows → residual stream after the last layer. */
  body: BoundKernel[];
  /** Last row of each sequence → logits → next token; moves the run state on. */
  pick: BoundKernel[];
}

/** Binds the decoder's kernels for one run. */
export async function buildProgram(context: ProgramContext, kind: ProgramKind): Promise<Program> {
  const { weights, run } = context;
  const layers = await Promise.all(weights.layers.map((w, i) => bindLayer(context, kind, w, i)));
  return {
    body: [...(await bindEmbed(context)), ...layers.flat()],
    pick: [...(await bindHead(context, kind, run.logits, 'last')), ...(await bindPick(context))],
  };
}

/** Logits of every new row into `logits` f32[rows, vocab]; for evaluation, not for speed. */
export function buildLogits(context: ProgramContext, logits: GPUBuffer): Promise<BoundKernel[]> {
  return bindHead(context, 'prefill', logits, 'all');
}

async function bindLayer(
  context: ProgramContext,
  kind: ProgramKind,
  w: LayerWeights,
  i: number,
): Promise<BoundKernel[]> {
  const { run, shape } = context;
  const { dim, hiddenDim, heads, kvHeads, headDim } = shape.config;
  const qkvDim = (heads + 2 * kvHeads) * headDim;
  const few = kind === 'decode';
  const from = (x: GPUBuffer, width: number): ProductInput => ({
    x,
    xStride: padded(width),
    few,
    rows: 'all',
  });
  const normed = { few, rows: 'all', isOneToken: few } as const;
  const residual = { through: 'residual', y: run.x, yStride: padded(dim) } as const;
  const groups = await Promise.all([
    bindNormedProduct(context, w.attnNorm, w.qkv, normed, {
      through: w.qkvBias ? 'bias' : 'store',
      y: run.qkv,
      yStride: qkvDim,
      bias: w.qkvBias,
    }),
    bindRopeAppend(context, i),
    bindAttention(context, kind, i),
    bindProduct(context, w.o, from(run.attended, heads * headDim), residual),
    bindNormedProduct(context, w.mlpNorm, w.gateUp, normed, {
      through: 'swiglu',
      y: run.hidden,
      yStride: padded(hiddenDim),
    }),
    bindProduct(context, w.down, from(run.hidden, hiddenDim), residual),
  ]);
  return groups.flat();
}

function bindHead(
  context: ProgramContext,
  kind: ProgramKind,
  logits: GPUBuffer,
  rows: 'all' | 'last',
): Promise<BoundKernel[]> {
  const { finalNorm, head } = context.weights;
  const from = { few: rows === 'last', rows, isOneToken: kind === 'decode' };
  const to = { through: 'logits', y: logits, yStride: context.shape.config.vocab } as const;
  return bindNormedProduct(context, finalNorm, head, from, to);
}
