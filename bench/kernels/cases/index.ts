import type { KernelCase } from '../case.ts';
import { argmaxCases } from './argmax.ts';
import { attentionCases } from './attention.ts';
import { attentionMergeCases } from './attention-merge.ts';
import { attentionShuffleCases } from './attention-shuffle.ts';
import { attentionSplitCases } from './attention-split.ts';
import { attentionSubgroupMatrixCases } from './attention-subgroup-matrix.ts';
import { attentionTiledCases } from './attention-tiled.ts';
import { embedCases } from './embed.ts';
import { int8ActivationsCases } from './int8-activations.ts';
import { matmulCases } from './matmul.ts';
import { matmulColumnsCases } from './matmul-columns.ts';
import { matmulSubgroupMatrixCases } from './matmul-subgroup-matrix.ts';
import { matvecCases } from './matvec.ts';
import { pickTokenCases } from './pick-token.ts';
import { probeCases } from './probes.ts';
import { rmsnormCases } from './rmsnorm.ts';
import { ropeAppendCases } from './rope-append.ts';
import { sampleTokenCases } from './sample-token.ts';
import { topKCases } from './top-k.ts';

/** Shapes picked by hand so that every kernel and module meets its edges; small enough for a software adapter. */
export const kernelCases: readonly KernelCase[] = [
  ...embedCases,
  ...rmsnormCases,
  ...matvecCases,
  ...matmulCases,
  ...matmulColumnsCases,
  ...matmulSubgroupMatrixCases,
  ...int8ActivationsCases,
  ...ropeAppendCases,
  ...attentionCases,
  ...attentionShuffleCases,
  ...attentionSplitCases,
  ...attentionMergeCases,
  ...attentionTiledCases,
  ...attentionSubgroupMatrixCases,
  ...argmaxCases,
  ...pickTokenCases,
  ...topKCases,
  ...sampleTokenCases,
  ...probeCases,
];
