import { ioNames } from './decoder-io.ts';
import type { GraphBuilder } from './graph.ts';

/**
 * Width of the groups that the vocabulary is split into: the divisor nearest to its root, or 1 where no
 * divisor splits it well.
 */
export function argMaxGroup(vocab: number): number {
  const root = Math.floor(Math.sqrt(vocab));
  for (let width = root; width > root / 8; width--) {
    if (vocab % width === 0) return width;
  }
  return 1;
}

/** Adds i64[1, batch] `tokens` = index of the first largest of logits[1, batch, vocab], as an output. */
export function addArgMax(graph: GraphBuilder, logits: string, batch: number): void {
  graph.node(ioNames.tokens, 'ArgMax', [logits], { attributes: { axis: -1, keepdims: 0 } });
  graph.output(ioNames.tokens, 'int64', [1, batch]);
}

/**
 * The same in groups: `tokens` i64[batch, groups] is the first largest's place in each group of `width`, and
 * `group_max` its value. For providers whose ArgMax gives a whole row to one thread; the host picks the
 * group, which is a loop over some hundred numbers.
 */
export function addGroupedArgMax(
  graph: GraphBuilder,
  logits: string,
  batch: number,
  vocab: number,
  width: number,
  float: 'float32' | 'float16',
): void {
  const groups = vocab / width;
  const shape = graph.constant('argmax.groups', 'int64', [3], [batch, groups, width]);
  const grouped = graph.node('/argmax/groups', 'Reshape', [logits, shape]);
  graph.node(ioNames.tokens, 'ArgMax', [grouped], { attributes: { axis: 2, keepdims: 0 } });
  graph.output(ioNames.tokens, 'int64', [batch, groups]);
  const axis = graph.constant('argmax.axis', 'int64', [1], [2]);
  graph.node(ioNames.groupMax, 'ReduceMax', [grouped, axis], { attributes: { keepdims: 0 } });
  graph.output(ioNames.groupMax, float, [batch, groups]);
}
