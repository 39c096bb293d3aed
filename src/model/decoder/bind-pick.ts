import { argmax } from '../../../kernels/argmax.ts';
import { orderModules } from '../../../kernels/modules.ts';
import { pickToken } from '../../../kernels/pick-token.ts';
import { sampleToken } from '../../../kernels/sample-token.ts';
import { topK } from '../../../kernels/top-k.ts';
import type { Sampling } from '../../core/sampling.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { PICK_PARTS, RING } from './buffers.ts';
import { floatBits, type ProgramContext, whole } from './program-context.ts';

/** Logits of each sequence → its next token; moves the run state on. */
export function bindPick(context: ProgramContext): Promise<BoundKernel[]> {
  const { sampling } = context.shape;
  return sampling ? bindSampling(context, sampling) : bindGreedy(context);
}

function bindGreedy({ compiler, shape, run }: ProgramContext): Promise<BoundKernel[]> {
  const { logits, candidates, tokens, picked, state } = run;
  const best = instantiate(argmax, {
    dims: { vocab: shape.config.vocab, parts: PICK_PARTS },
  });
  const pick = instantiate(pickToken, {
    dims: { batch: shape.batch, parts: PICK_PARTS, ring: RING },
  });
  return Promise.all([
    compiler.bind(best, whole({ logits, candidates })),
    compiler.bind(pick, whole({ candidates, tokens, picked, run_state: state })),
  ]);
}

function bindSampling(
  { compiler, shape, run }: ProgramContext,
  { temperature, topK: top, topP }: Sampling,
): Promise<BoundKernel[]> {
  const { logits, candidates, tokens, picked, state } = run;
  const modules = { order: orderModules.tournament };
  const best = instantiate(topK, {
    dims: { vocab: shape.config.vocab, parts: PICK_PARTS, top },
    modules,
  });
  const draw = instantiate(sampleToken, {
    dims: {
      batch: shape.batch,
      parts: PICK_PARTS,
      top,
      ring: RING,
      temperatureBits: floatBits(temperature),
      topPBits: floatBits(topP),
    },
    modules,
  });
  return Promise.all([
    compiler.bind(best, whole({ logits, candidates })),
    compiler.bind(draw, whole({ candidates, tokens, picked, run_state: state })),
  ]);
}
