import { BenchError, toBenchError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { toWireError, type WorkerMessage } from '../../src/hosts/messages.ts';
import type { LaunchJob } from '../../src/measure/launch.ts';
import { measureLaunch } from '../../src/measure/measure-launch.ts';
import { emptyModel, type FakeBehaviour, FakeClock, fakeBackend } from './fake-backend.ts';

/** By the name of the model: what an engine may do to a launch. */
const behaviours: Record<string, FakeBehaviour> = {
  fine: {},
  'fine-again': {},
  throws: {
    onOpen() {
      throw new BenchError('engine', 'the engine refused the graph');
    },
  },
  hangs: {
    onOpen() {
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    },
  },
  dies: {
    onOpen() {
      process.kill(process.pid, 'SIGSEGV');
    },
  },
  // What our kernels answer to logits that are not numbers.
  'not-numbers': { token: -1 },
  // What an argmax makes of them elsewhere: some token.
  'in-range-of-nan': { token: 5, logits: (logits) => logits.fill(Number.NaN) },
  'in-range-of-infinity': { logits: (logits) => logits.fill(Number.NEGATIVE_INFINITY, 130, 132) },
  'too-few': { steps: (asked) => asked - 1 },
  'too-many': { steps: (asked) => asked + 1 },
};

/** Measures a launch on the stand-in, and sends what a worker process would. */
export async function runFaultyLaunch(
  job: LaunchJob,
  send: (message: WorkerMessage) => void,
): Promise<void> {
  const clock = new FakeClock();
  const { backend } = fakeBackend(clock, behaviours[job.cell.model]);
  try {
    const result = await measureLaunch({
      backend,
      model: emptyModel(),
      variant: job.cell.variant,
      workload: job.cell.workload,
      protocol: job.protocol,
      isProfiled: false,
      rng: new Rng('launch', job.seed, job.launch),
      now: clock.now,
      startedAt: '2026-01-02T03:04:05.000Z',
      modelLoad: { readMs: 1, packMs: 0 },
    });
    send({ type: 'result', result });
  } catch (error) {
    send({ type: 'error', error: toWireError(toBenchError(error)) });
  }
  process.disconnect?.();
}
