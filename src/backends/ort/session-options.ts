import type { Engine } from './engines.ts';
import type { InferenceSession } from './runtime.ts';

/** How a session on an engine is opened, `disabledOptimizers` of its graph aside. */
export function sessionOptions(
  { provider, options, threads }: Engine,
  disabledOptimizers: readonly string[] = [],
): InferenceSession.SessionOptions {
  return {
    executionProviders: [{ name: provider, ...options }],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    extra: { optimization: { disable_specified_optimizers: disabledOptimizers.join(';') } },
  };
}
