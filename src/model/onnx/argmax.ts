import type { GraphBuilder } from './graph.ts';

/** Adds i64[1, batch] `name` = index of the first largest of logits[1, batch, vocab], as an output. */
export function addArgMax(
  graph: GraphBuilder,
  name: string,
  logits: string,
  batch: number,
  _vocab: number,
): void {
  graph.node(name, 'ArgMax', [logits], { attributes: { axis: -1, keepdims: 0 } });
  graph.output(name, 'int64', [1, batch]);
}
