import type { KernelSpec } from '../src/gpu/kernel.ts';
import { argmax } from './argmax.ts';
import { attention } from './attention.ts';
import { attentionMerge } from './attention-merge.ts';
import { attentionShuffle } from './attention-shuffle.ts';
import { attentionSplit } from './attention-split.ts';
import { attentionSubgroupMatrix } from './attention-subgroup-matrix.ts';
import { attentionTiled } from './attention-tiled.ts';
import { embed } from './embed.ts';
import { matmul } from './matmul.ts';
import { matmulColumns } from './matmul-columns.ts';
import { matmulDot4 } from './matmul-dot4.ts';
import { matmulSubgroupMatrix } from './matmul-subgroup-matrix.ts';
import { matvec } from './matvec.ts';
import { matvecDot4 } from './matvec-dot4.ts';
import { pickToken } from './pick-token.ts';
import { probeCopy } from './probe-copy.ts';
import { probeFma } from './probe-fma.ts';
import { probeRead } from './probe-read.ts';
import { quantiseRows } from './quantise-rows.ts';
import { rmsnorm } from './rmsnorm.ts';
import { ropeAppend } from './rope-append.ts';
import { sampleToken } from './sample-token.ts';
import { topK } from './top-k.ts';

/** Every kernel, in the order in which a decode step first uses it; then those that measure an adapter's peaks. */
export const kernels: readonly KernelSpec[] = [
  embed,
  rmsnorm,
  matvec,
  matmul,
  matmulColumns,
  matmulSubgroupMatrix,
  quantiseRows,
  matvecDot4,
  matmulDot4,
  ropeAppend,
  attention,
  attentionShuffle,
  attentionTiled,
  attentionSubgroupMatrix,
  attentionSplit,
  attentionMerge,
  argmax,
  pickToken,
  topK,
  sampleToken,
  probeCopy,
  probeRead,
  probeFma,
];
