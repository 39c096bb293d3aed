import { BLOCK } from '../packed.ts';
import { type ArenaPlan, type ArenaTensor, planArena } from './arena.ts';
import { elemOf, PICK_PARTS, padded, type RunShape } from './buffers.ts';
import { mostSplits } from './kernel-choice.ts';

/** What a step computes between its operations, by the name of its field in RunBuffers. */
export type Activation =
  | 'x'
  | 'norm'
  | 'qkv'
  | 'q'
  | 'attended'
  | 'partials'
  | 'hidden'
  | 'xCodes'
  | 'xScales'
  | 'logits'
  | 'candidates';

/** The operations of a step in order: a layer as every layer is, then what picks the token. */
const OPERATIONS = [
  'embed',
  'attnNorm',
  'qkv',
  'rope',
  'attention',
  'merge',
  'roundAttended',
  'o',
  'mlpNorm',
  'gateUp',
  'roundHidden',
  'down',
  'finalNorm',
  'head',
  'best',
  'pick',
] as const;
type Operation = (typeof OPERATIONS)[number];

type Range = readonly [first: Operation, last: Operation];
const NORMED: readonly Range[] = [
  ['attnNorm', 'qkv'],
  ['mlpNorm', 'gateUp'],
  ['finalNorm', 'head'],
];
const ROUNDED: readonly Range[] = [...NORMED, ['roundAttended', 'o'], ['roundHidden', 'down']];
const WHOLE_STEP: readonly Range[] = [['embed', 'pick']];

/** Activations of a run and the buffers they share, with bytes; tensors that this run has no use for are left out. */
export function planActivations(shape: RunShape): ArenaPlan<Activation> {
  return planArena(activationTensors(shape));
}

/** Bytes and lifetimes, by name. */
export function activationTensors(shape: RunShape): Map<Activation, ArenaTensor> {
  const { config, batch, capacity, maxRows } = shape;
  const { dim, hiddenDim, heads, kvHeads, headDim, vocab } = config;
  const elem = elemOf(shape) === 'f16' ? 2 : 4;
  const splits = mostSplits(capacity);
  const tensor = (bytes: number, ranges: readonly Range[]): ArenaTensor => ({
    bytes,
    live: ranges.map(([first, last]) => [OPERATIONS.indexOf(first), OPERATIONS.indexOf(last)]),
  });
  // What fills a row up to whole blocks is zero and must stay so: nothing else may be written there.
  const rows = (width: number, size: number, ranges: readonly Range[]) =>
    tensor(maxRows * padded(width) * size, width === padded(width) ? ranges : WHOLE_STEP);
  const tensors = new Map<Activation, ArenaTensor>([
    ['x', rows(dim, 4, WHOLE_STEP)],
    ['norm', rows(dim, elem, NORMED)],
    ['qkv', tensor(maxRows * (heads + 2 * kvHeads) * headDim * elem, [['qkv', 'rope']])],
    ['q', rows(heads * headDim, elem, [['rope', 'attention']])],
    ['attended', rows(heads * headDim, elem, [['attention', 'o']])],
    ['hidden', rows(hiddenDim, elem, [['gateUp', 'down']])],
    ['logits', tensor(batch * vocab * 4, [['head', 'best']])],
    ['candidates', tensor(candidateBytes(shape), [['best', 'pick']])],
  ]);
  if (splits > 1) {
    const bytes = batch * heads * splits * (headDim + 4) * 4;
    tensors.set('partials', tensor(bytes, [['attention', 'merge']]));
  }
  if (shape.activations === 'int8') {
    const values = maxRows * padded(Math.max(dim, hiddenDim));
    tensors.set('xCodes', tensor(values, ROUNDED));
    tensors.set('xScales', tensor((values / BLOCK) * 8, ROUNDED));
  }
  return tensors;
}

function candidateBytes({ batch, sampling }: RunShape): number {
  return batch * PICK_PARTS * (sampling?.topK ?? 1) * 8;
}
