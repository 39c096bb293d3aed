import type { Host } from '../../../src/core/host.ts';
import { median } from '../../../src/core/quantile.ts';
import { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import { addDone, type Candidate } from './candidate.ts';
import type { DeviceTensors } from './device-tensors.ts';
import { PeerSession } from './peer-session.ts';

/** A session whose samples are long enough to trust. */
export interface TimedSession {
  readonly session: PeerSession;
  readonly copies: number;
  /** Calls in one sample. */
  readonly calls: number;
  /** Milliseconds of one operation: median of a few samples. */
  readonly ms: number;
  /** Milliseconds that the host takes to start one operation, without waiting for it. */
  readonly hostMs: number;
  /** Milliseconds of one operation. */
  sample(): Promise<number>;
}

export interface Estimate {
  /** Of one run of one operation, with the call. */
  readonly runMs: number;
  readonly overheadMs: number;
  readonly sampleMs: number;
  readonly coldBytes: number;
}

/** Copies at most, as of our own kernels: beyond, operations are so small that calls cost more. */
const MOST_COPIES = 64;
const MOST_OPERATIONS = 512;
const MOST_CALLS = 256;
/** Copies are not worth their memory when a run of all takes longer than this: nothing stays in a cache so long. */
const LONG_RUN_MS = 500;
/** A call should last this long, so that what it costs by itself hides behind the work of the one before. */
const CALL_MS = 4;

/**
 * What a call costs that has nothing to do but hand one number to the host. Taken off every sample once:
 * calls overlap with the work of those before them, all but the last.
 */
export async function callOverheadMs(tensors: DeviceTensors, host: Host): Promise<number> {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [1, 1, 2]);
  const session = await PeerSession.open({
    graph,
    weights: new Uint8Array(0),
    operations: 0,
    feeds: { x: await tensors.upload('float32', new Float32Array(2), [1, 1, 2]) },
    resident: {},
    done: await addDone(graph, tensors, x, 'float32', [1, 1]),
    results: [],
  });
  try {
    const taken: number[] = [];
    for (let run = 0; run < 12; run++) taken.push(await lap(session, host, 1));
    return median(taken.slice(2));
  } finally {
    await session.dispose();
  }
}

/** Loads a candidate with as many operations and copies as its speed calls for, and times it. */
export async function openTimed(
  candidate: Candidate,
  tensors: DeviceTensors,
  host: Host,
  estimate: Estimate,
): Promise<TimedSession> {
  const sizes = (ms: number) => sizesFor(candidate.copyBytes, ms, estimate.coldBytes);
  let size = sizes(Math.max(estimate.runMs - estimate.overheadMs, 0.005));
  for (;;) {
    const graph = await candidate.build(tensors, size.copies, size.operations);
    const timed = await openSized(await PeerSession.open(graph), size.copies, host, estimate);
    const better = sizes(timed.ms);
    // Where one operation takes far less than a call, the first guess says little.
    if (better.operations <= 2 * size.operations) return timed;
    await timed.session.dispose();
    size = better;
  }
}

/** Times a session, which is disposed of when that fails. */
async function openSized(
  session: PeerSession,
  copies: number,
  host: Host,
  { overheadMs, sampleMs }: Estimate,
): Promise<TimedSession> {
  const { operations } = session;
  const timeCalls = async (calls: number): Promise<number> =>
    Math.max(0, (await lap(session, host, calls)) - overheadMs) / (calls * operations);
  try {
    let ms = await timeCalls(1);
    const isLong = ms * operations >= LONG_RUN_MS;
    if (!isLong) ms = await timeCalls(2); // the first was to warm up
    const wanted = Math.ceil(sampleMs / (ms * operations));
    const calls = Math.min(MOST_CALLS, Math.max(1, wanted));
    const taken = [ms];
    while (taken.length < 3 && !isLong) taken.push(await timeCalls(calls));
    const hostMs = await enqueueMs(session, host, isLong ? 1 : 3);
    return { session, copies, calls, ms: median(taken), hostMs, sample: () => timeCalls(calls) };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

/** Sizes of a graph whose operations take `ms` each. */
function sizesFor(
  copyBytes: number,
  ms: number,
  coldBytes: number,
): { copies: number; operations: number } {
  const wanted = Math.min(MOST_COPIES, Math.ceil(coldBytes / copyBytes));
  const copies = Math.max(1, Math.min(wanted, Math.floor(LONG_RUN_MS / ms)));
  const rounds = Math.max(1, Math.round(CALL_MS / (ms * copies)));
  return { copies, operations: copies * Math.min(rounds, Math.floor(MOST_OPERATIONS / copies)) };
}

/** Milliseconds from the first of some calls to the end of their work. */
async function lap(session: PeerSession, host: Host, calls: number): Promise<number> {
  const startMs = host.now();
  for (let call = 1; call < calls; call++) await session.enqueue();
  await session.finish();
  return host.now() - startMs;
}

async function enqueueMs(session: PeerSession, host: Host, runs: number): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startMs = host.now();
    await session.enqueue();
    taken.push((host.now() - startMs) / session.operations);
    await session.finish();
  }
  return Math.min(...taken);
}
