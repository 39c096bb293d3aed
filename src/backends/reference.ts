import type { Variant, VariantRequest } from '../core/cell.ts';
import { BenchError, invariant } from '../core/errors.ts';
import type { CreateBackend } from './backend.ts';
import { checkRequest } from './checks.ts';
import { ReferenceSession } from './reference/session.ts';
import { loadWeights } from './reference/weights.ts';

/** `auto` means nothing is rounded: an f32 cache and, between operators, numbers of f64. */
function resolveVariant(request: VariantRequest): Variant {
  if (request.activations === 'f16') {
    throw new BenchError('unsupported', 'The reference backend never rounds activations to f16', {
      hint: 'Ask for f32 activations, or use another backend.',
    });
  }
  const { weights } = request;
  if (request.activations === 'int8' && weights !== 'int8' && weights !== 'int4') {
    throw new BenchError(
      'unsupported',
      `int8 activations are for int8 and int4 weights, not for ${weights}`,
      { hint: 'Ask for f32 activations.' },
    );
  }
  const kv = request.kv === 'auto' ? 'f32' : request.kv;
  return { weights, kv, activations: request.activations === 'int8' ? 'int8' : 'f32' };
}

/** The oracle: a plain, slow forward pass in TypeScript with f64 sums, over the same packed integers. */
export const createBackend: CreateBackend = ({ host }) => ({
  name: 'reference',
  async open(request) {
    checkRequest(request);
    const variant = resolveVariant(request.variant);
    invariant(request.model.weights === variant.weights, 'model packed in the variant asked for');
    const startMs = host.now();
    const weights = await loadWeights(request.model);
    return new ReferenceSession(request, variant, weights, host.now() - startMs);
  },
});
