import type { BoundKernel } from '../../gpu/program.ts';
import { bindAttention, bindRopeAppend } from './bind-attention.ts';
import { bindPick } from './bind-pick.ts';
import { bindEmbed, bindNorm, bindProduct, type ProductInput } from './bind-product.ts';
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
    pick: [
      await bindNorm(context, weights.finalNorm, true),
      ...(await bindHead(context, run.logits, 'last')),
      ...(await bindPick(context)),
    ],
  };
}

/** Logits of every new row into `logits` f32[rows, vocab]; for evaluation, not for speed. */
export async function buildLogits(
  context: ProgramContext,
  logits: GPUBuffer,
): Promise<BoundKernel[]> {
  const norm = await bindNorm(context, context.weights.finalNorm, false);
  return [norm, ...(await bindHead(context, logits, 'all'))];
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
  const from = (x: GPUBuffer, width: number): ProductInput => ({
    x,
    xStride: padded(width),
    few: kind === 'decode',
    rows: 'all',
  });
  const normed = from(run.norm, dim);
  const attended = from(run.attended, heads * headDim);
  const hidden = from(run.hidden, hiddenDim);
  const qkvOut = w.qkvBias ? 'bias' : 'store';
  const groups = await Promise.all([
    bindNorm(context, w.attnNorm, false),
    bindProduct(context, w.qkv, normed, qkvOut, run.qkv, qkvDim, w.qkvBias),
    bindRopeAppend(context, i),
    bindAttention(context, kind, i),
    bindProduct(context, w.o, attended, 'residual', run.x, padded(dim)),
    bindNorm(context, w.mlpNorm, false),
    bindProduct(context, w.gateUp, normed, 'swiglu', run.hidden, padded(hiddenDim)),
    bindProduct(context, w.down, hidden, 'residual', run.x, padded(dim)),
  ]);
  return groups.flat();
}

function bindHead(
  context: ProgramContext,
  logits: GPUBuffer,
  rows: 'all' | 'last',
): Promise<BoundKernel[]> {
  const { dim, vocab } = context.shape.config;
  const x: ProductInput = {
    x: context.run.norm,
    xStride: padded(dim),
    few: rows === 'last',
    rows,
  };
  return bindProduct(context, context.weights.head, x, 'logits', logits, vocab);
}
