import type { GraphBuilder } from './graph.ts';
import type { WeightWriter } from './projection.ts';

/** Adds RMSNorms, x · rsqrt(mean(x²) + eps) · weight over the last axis. */
export class NormWriter {
  private readonly graph: GraphBuilder;
  private readonly weights: WeightWriter;
  private readonly epsilon: { float: number };

  constructor(graph: GraphBuilder, weights: WeightWriter, epsilon: number) {
    this.graph = graph;
    this.weights = weights;
    this.epsilon = { float: epsilon };
  }

  plain(name: string, x: string, tensor: string): string {
    const input = [x, this.weights.vector([tensor])];
    return this.graph.node(name, 'SimplifiedLayerNormalization', input, {
      attributes: { axis: -1, epsilon: this.epsilon, stash_type: 1 },
    });
  }

  /** sum = x + skip, normed = its norm */
  residual(name: string, x: string, skip: string, tensor: string): { normed: string; sum: string } {
    const sum = `${name}/sum`;
    const input = [x, skip, this.weights.vector([tensor])];
    const normed = this.graph.node(name, 'SkipSimplifiedLayerNormalization', input, {
      domain: 'com.microsoft',
      attributes: { epsilon: this.epsilon },
      outputs: [name, '', '', sum],
    });
    return { normed, sum };
  }
}
