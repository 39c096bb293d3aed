import type { Cell, Workload } from './cell.ts';

/** A workload in llama-bench's words: `pp512+tg128 @ d2048 b4`; depth 0 and batch 1 go unsaid. */
export function workloadName(workload: Workload): string {
  const { promptTokens, generatedTokens, depth, batch } = workload;
  const parts = [];
  if (promptTokens > 0) parts.push(`pp${promptTokens}`);
  if (generatedTokens > 0) parts.push(`tg${generatedTokens}`);
  return `${parts.join('+')}${depth > 0 ? ` @ d${depth}` : ''}${batch > 1 ? ` b${batch}` : ''}`;
}

/** A cell on one line, for messages and progress. */
export function cellName(cell: Cell): string {
  const { weights, kv, activations } = cell.variant;
  const formats = [
    weights,
    ...(kv === 'auto' ? [] : [`kv ${kv}`]),
    ...(activations === 'auto' ? [] : [`activations ${activations}`]),
  ].join(' ');
  const host = cell.host === 'node' ? '' : ` in ${cell.host}`;
  return `${cell.model} ${formats} ${cell.backend}${host} ${workloadName(cell.workload)}`;
}

/**
 * Text that is equal for two cells when a stored result of one answers for the other; its SHA-256 is a
 * record's `key`. `protocol` holds what else changes a measurement: launches, seed, adapter asked for, …
 */
export function cellIdentity(
  cell: Cell,
  modelSha256: string | null,
  protocol: Readonly<Record<string, string | number | boolean>>,
): string {
  const { weights, kv, activations } = cell.variant;
  const { promptTokens, generatedTokens, depth, batch } = cell.workload;
  return JSON.stringify([
    1, // version of this text
    modelSha256 ?? cell.model,
    [weights, kv, activations],
    [cell.backend, cell.host],
    [promptTokens, generatedTokens, depth, batch],
    Object.entries(protocol).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
