import type { Scalar, Tolerance } from '../expectation.ts';
import type { Operation } from '../operation.ts';

/**
 * ONNX Runtime's operators for f16 add up in f16 too. That is how they are used, so it is let through, and how
 * far the result is off stands beside the time; a wrong operator is off by more, or in f32 too.
 */
const f16: Record<Operation['kind'], Tolerance> = {
  product: {
    nmse: 5e-4,
    relative: 0.1,
    absolute: 0.1,
    reason: 'sums of thousands of products in f16',
  },
  attention: {
    nmse: 1e-4,
    relative: 0.05,
    absolute: 0.05,
    reason: 'scores and weighted sums in f16',
  },
};

/** What ONNX Runtime's result may be off by; undefined: what our own may be. */
export function peerTolerance(operation: Operation, elem: Scalar): Tolerance | undefined {
  return elem === 'f16' ? f16[operation.kind] : undefined;
}
