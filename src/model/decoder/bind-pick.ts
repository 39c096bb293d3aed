import { argmax } from '../../../kernels/argmax.ts';
import { pickToken } from '../../../kernels/pick-token.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { ARGMAX_PARTS, RING } from './buffers.ts';
import { type ProgramContext, whole } from './program-context.ts';

/** Logits of each sequence → its next token; moves the run state on. */
export function bindPick({ compiler, shape, run }: ProgramContext): Promise<BoundKernel[]> {
  const { logits, candidates, tokens, picked, state } = run;
  const best = instantiate(argmax, {
    dims: { vocab: shape.config.vocab, parts: ARGMAX_PARTS },
  });
  const pick = instantiate(pickToken, {
    dims: { batch: shape.batch, parts: ARGMAX_PARTS, ring: RING },
  });
  return Promise.all([
    compiler.bind(best, whole({ logits, candidates })),
    compiler.bind(pick, whole({ candidates, tokens, picked, run_state: state })),
  ]);
}
