import type { BoundKernel } from '../../gpu/program.ts';
import { bindAttention, bindRopeAppend, hasShortAttention } from './bind-attention.ts';
import { bindPick } from './bind-pick.ts';
import { bindEmbed, bindNormedProduct, bindProduct } from './bind-product.ts';
import { padded } from './buffers.ts';
import type { ProductInput, ProgramContext, ProgramKind, Role } from './program-context.ts';
import type { LayerWeights } from './weights.ts';

/** The kernels of a forward pass, bound to their buffers, in the order in which they run. */
export interface Program {
  /** New rows → residual stream after the last layer. */
  body: BoundKernel[];
  /** The same for contexts of at most `choices.shortContext`; null where `body` is as good. */
  shortBody: BoundKernel[] | null;
  /** Last row of each sequence → logits → next token; moves the run state on. */
  pick: BoundKernel[];
}

/** Binds the decoder's kernels for one run. */
export async function buildProgram(context: ProgramContext, kind: ProgramKind): Promise<Program> {
  const { weights, run } = context;
  const hasShort = kind.name === 'decode' && hasShortAttention(context);
  const layers = await Promise.all(
    weights.layers.map((w, i) => bindLayer(context, kind, w, i, hasShort)),
  );
  const embed = await as('embed', bindEmbed(context));
  const body = (attended: 'attention' | 'shortAttention') => [
    ...embed,
    ...layers.flatMap((layer) => [...layer.before, ...layer[attended], ...layer.after]),
  ];
  return {
    body: body('attention'),
    shortBody: hasShort ? body('shortAttention') : null,
    pick: [
      ...(await as('head', bindHead(context, kind, run.logits, 'last'))),
      ...(await as('pick', bindPick(context))),
    ],
  };
}

/** Says what kernels are for. */
async function as(role: Role, bound: Promise<BoundKernel | BoundKernel[]>): Promise<BoundKernel[]> {
  return [await bound].flat().map((kernel) => ({ ...kernel, role }));
}

/** Logits of every new row into `logits` f32[rows, vocab]; for evaluation, not for speed. */
export function buildLogits(context: ProgramContext, logits: GPUBuffer): Promise<BoundKernel[]> {
  const kind = { name: 'prefill', most: Number.POSITIVE_INFINITY } as const;
  return bindHead(context, kind, logits, 'all');
}

/** A layer's kernels: those around attention are the same for every context. */
interface LayerKernels {
  before: BoundKernel[];
  attention: BoundKernel[];
  shortAttention: BoundKernel[];
  after: BoundKernel[];
}

async function bindLayer(
  context: ProgramContext,
  kind: ProgramKind,
  w: LayerWeights,
  i: number,
  hasShort: boolean,
): Promise<LayerKernels> {
  const { run, shape } = context;
  const { dim, hiddenDim, heads, kvHeads, headDim } = shape.config;
  const qkvDim = (heads + 2 * kvHeads) * headDim;
  const few = kind.name === 'decode';
  const most = kind.name === 'prefill' ? kind.most : undefined;
  const from = (x: GPUBuffer, width: number): ProductInput => ({
    x,
    xStride: padded(width),
    few,
    most,
    rows: 'all',
  });
  const normed = { few, most, rows: 'all', isOneToken: few } as const;
  const residual = { through: 'residual', y: run.x, yStride: padded(dim) } as const;
  const toQkv = {
    through: w.qkvBias ? 'bias' : 'store',
    y: run.qkv,
    yStride: qkvDim,
    bias: w.qkvBias,
  } as const;
  const toHidden = { through: 'swiglu', y: run.hidden, yStride: padded(hiddenDim) } as const;
  const hidden = { ...from(run.hidden, hiddenDim), isRounded: true };
  const { shortContext } = context.choices;
  const [before, attention, shortAttention, after] = await Promise.all([
    Promise.all([
      as('qkv', bindNormedProduct(context, w.attnNorm, w.qkv, normed, toQkv)),
      as('rope', bindRopeAppend(context, i)),
    ]),
    as('attention', bindAttention(context, kind.name, i)),
    hasShort ? as('attention', bindAttention(context, kind.name, i, shortContext)) : [],
    Promise.all([
      as('o', bindProduct(context, w.o, from(run.attended, heads * headDim), residual)),
      as('gate/up', bindNormedProduct(context, w.mlpNorm, w.gateUp, normed, toHidden)),
      as('down', bindProduct(context, w.down, hidden, residual)),
    ]),
  ]);
  return { before: before.flat(), attention, shortAttention, after: after.flat() };
}

function bindHead(
  context: ProgramContext,
  kind: ProgramKind,
  logits: GPUBuffer,
  rows: 'all' | 'last',
): Promise<BoundKernel[]> {
  const { finalNorm, head } = context.weights;
  const from = { few: rows === 'last', rows, isOneToken: kind.name === 'decode' };
  const to = { through: 'logits', y: logits, yStride: context.shape.config.vocab } as const;
  return bindNormedProduct(context, finalNorm, head, from, to);
}
