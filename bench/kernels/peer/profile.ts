import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BenchError, invariant } from '../../../src/core/errors.ts';
import { median } from '../../../src/core/quantile.ts';
import type { PeerGraph } from './candidate.ts';
import { PeerSession } from './peer-session.ts';

/** What the WebGPU provider did for one operation, by its own account. */
export interface PeerProfile {
  /** Milliseconds of the device's clock, without the gaps between dispatches. */
  readonly gpuMs: number;
  /** The provider's name of each dispatch, in order: `FlashAttentionDecodeQKT`, … */
  readonly programs: readonly string[];
}

/** The events that matter: one for each dispatch, named `<node>&<operator>&<program>`, in microseconds. */
const eventsSchema = z.array(
  z.object({
    cat: z.string(),
    name: z.string(),
    ts: z.number().default(0),
    dur: z.number().nonnegative().default(0),
  }),
);

/**
 * Runs a graph with ONNX Runtime's profile on, which slows it down but asks the device's clock about every
 * dispatch. Throws `internal` when an operation of the graph did not run: it would be timed for nothing.
 */
export async function profileGraph(graph: PeerGraph, runs: number): Promise<PeerProfile> {
  const folder = await mkdtemp(join(tmpdir(), 'mtok-profile-'));
  try {
    const session = await PeerSession.open(graph, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    try {
      for (let run = 0; run < runs; run++) await session.finish();
      session.endProfiling();
    } finally {
      await session.dispose();
    }
    const [file] = await readdir(folder);
    invariant(file, 'ONNX Runtime wrote no profile');
    return summarise(await readFile(join(folder, file), 'utf8'), graph.operations, runs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The profile of `operations` that ran `runs` times each; `text` is what ONNX Runtime wrote. */
export function summarise(text: string, operations: number, runs: number): PeerProfile {
  const events = parse(text).filter(({ cat, name }) => cat === 'Api' && /^op\d+[.&]/.test(name));
  const dispatches = events
    .map(({ name, ts, dur }) => {
      const [node = '', , program = ''] = name.split('&');
      return { operation: Number.parseInt(node.slice(2), 10), program, ts, dur };
    })
    .sort((a, b) => a.ts - b.ts);
  const perOperation = Array.from({ length: operations }, (_, i) =>
    dispatches.filter(({ operation }) => operation === i),
  );
  const missing = perOperation.findIndex((own) => own.length === 0);
  invariant(missing < 0, `ONNX Runtime left out operation ${missing} of ${operations}`);
  const first = perOperation[0] ?? [];
  const gpuMs = median(
    perOperation.map((own) => own.reduce((sum, { dur }) => sum + dur, 0) / runs / 1000),
  );
  return {
    gpuMs,
    programs: first.slice(0, first.length / runs).map(({ program }) => program),
  };
}

function parse(text: string) {
  try {
    return eventsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BenchError('engine', 'ONNX Runtime’s profile is not what it was', { cause });
  }
}
