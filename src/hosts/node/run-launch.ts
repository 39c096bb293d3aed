import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';
import { type LaunchJob, type LaunchResult, launchResultSchema } from '../../measure/launch.ts';
import type { RunLaunchOptions } from '../../measure/session-watch.ts';
import { runTask } from './spawn.ts';
import { watchLaunch } from './watch/watch-launch.ts';

export interface NodeLaunchOptions extends RunLaunchOptions {
  cacheDir: string;
  /** `--adapter`; null takes the best. */
  adapter: string | null;
  /** Of the process: which drivers it finds. */
  env: Record<string, string>;
}

/** Runs one launch in a process of its own and watches the machine meanwhile. Throws what it threw, `crashed` or `timeout`. */
export async function runNodeLaunch(
  job: LaunchJob,
  options: NodeLaunchOptions,
): Promise<LaunchResult> {
  const { cacheDir, adapter, env, timeoutMs, signal, onPhase } = options;
  const input = { ...job, adapter, cacheDir };
  signal?.throwIfAborted();
  const watch = await watchLaunch(job.cell);
  let raw: unknown;
  try {
    raw = await runTask({ type: 'launch', input }, { env, timeoutMs, signal, onMessage: onPhase });
  } finally {
    await watch.end();
  }
  const result = parseLaunchResult(raw);
  const environment = watch.describe(result.device);
  return { ...result, launch: { ...result.launch, environment } };
}

/** Checks what came back from another process or page. Throws `internal` when it is no launch. */
export function parseLaunchResult(value: unknown): LaunchResult {
  const parsed = launchResultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BenchError(
    'internal',
    `Malformed result of a launch: ${z.prettifyError(parsed.error)}`,
  );
}
