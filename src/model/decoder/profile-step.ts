import { invariant } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { PhaseProfile, ProfiledKernel } from '../../core/profile.ts';
import { median } from '../../core/quantile.ts';
import { type Dispatch, encodePass } from '../../gpu/program.ts';
import { scoped } from '../../gpu/scope.ts';
import { type Elapsed, isGpuClockTrusted, Stopwatch } from '../../gpu/stopwatch.ts';
import { kernelBytes, type StepSize } from './kernel-bytes.ts';
import type { ProgramContext } from './program-context.ts';
import { TokenReadback } from './token-readback.ts';

/** Wall time that a sample of a kernel lasts at least, and how many are taken, unless one run is long by itself. */
const SAMPLE_MS = 20;
const SAMPLES = 5;
const LONG_MS = 300;
/** Encodings, which cost no device time, and whole steps. */
const ENCODINGS = 60;
const STEPS_MIN = 3;
const STEPS_MAX = 30;
const STEPS_BUDGET_MS = 1500;

/** A step to take apart: its dispatches, of which the last one alone moves the run state on. */
export interface ProfiledStep extends StepSize {
  dispatches: readonly Dispatch[];
}

/**
 * Times a step's kernels, the step and the host's part of it. Kernels run group by group, out of order, many times:
 * what they compute means nothing, and the cache behind `position` is overwritten.
 */
export async function profileStep(
  context: ProgramContext,
  host: Host,
  step: ProfiledStep,
): Promise<PhaseProfile> {
  const scope = scoped(context.gpu);
  try {
    const encodeMs = medianEncodeMs(context, host, step.dispatches);
    const whole = await wholeSteps(context, host, step);
    const stopwatch = new Stopwatch(scope, host, 'a step');
    const { kernels, clock } = await timeKernels(context, stopwatch, step);
    const last = step.dispatches.at(-1);
    invariant(last, 'a step without dispatches');
    // All but what moves the state on can run again and again as it stands.
    reset(context, step);
    const body = await timeRuns(stopwatch, step.dispatches.slice(0, -1));
    const pick = await timeRuns(stopwatch, [last]);
    const deviceMs = body.ms + pick.ms;
    const dispatches = step.dispatches.length;
    return {
      rows: step.rows,
      position: step.position,
      clock,
      kernels,
      deviceMs,
      dispatches,
      submits: 1,
      encodeUs: encodeMs * 1000,
      encodeUsPerDispatch: (encodeMs * 1000) / dispatches,
      syncMs: Math.max(0, whole.waitMs - deviceMs),
      stepMs: whole.stepMs,
    };
  } finally {
    scope.release();
  }
}

/** Tokens and state as they are before the step. */
function reset({ gpu, shape, run }: ProgramContext, { rows, position }: StepSize): void {
  const { queue } = gpu.device;
  queue.writeBuffer(run.tokens, 0, new Uint32Array(rows));
  const seed = shape.sampling?.seed ?? 0;
  queue.writeBuffer(run.state, 0, Uint32Array.of(position, rows / shape.batch, 0, seed));
}

/** Host time to record a step and finish its command buffer. */
function medianEncodeMs(
  { gpu }: ProgramContext,
  host: Host,
  dispatches: readonly Dispatch[],
): number {
  const times = Array.from({ length: ENCODINGS }, () => {
    const started = host.now();
    const encoder = gpu.device.createCommandEncoder();
    encodePass(encoder, dispatches);
    encoder.finish();
    return host.now() - started;
  });
  return median(times);
}

/** Medians from the first command, and from the submit, to the token on the host. */
async function wholeSteps(
  context: ProgramContext,
  host: Host,
  step: ProfiledStep,
): Promise<{ stepMs: number; waitMs: number }> {
  const { gpu, run, shape } = context;
  const readback = new TokenReadback(gpu, run, shape.batch);
  const stepMs: number[] = [];
  const waitMs: number[] = [];
  const begun = host.now();
  for (;;) {
    reset(context, step);
    await gpu.device.queue.onSubmittedWorkDone();
    const started = host.now();
    const encoder = gpu.device.createCommandEncoder();
    encodePass(encoder, step.dispatches);
    readback.encode(encoder, 0, 1);
    const commands = encoder.finish();
    const encoded = host.now();
    gpu.device.queue.submit([commands]);
    await readback.arrival(readback.begin(step.position, 1));
    const arrived = host.now();
    stepMs.push(arrived - started);
    waitMs.push(arrived - encoded);
    const isOver = stepMs.length >= STEPS_MAX || arrived - begun > STEPS_BUDGET_MS;
    if (stepMs.length >= STEPS_MIN && isOver) break;
  }
  return { stepMs: median(stepMs), waitMs: median(waitMs) };
}

/** Each kernel of each role by itself: all its dispatches of the step, over and over. */
async function timeKernels(
  context: ProgramContext,
  stopwatch: Stopwatch,
  step: ProfiledStep,
): Promise<{ kernels: ProfiledKernel[]; clock: PhaseProfile['clock'] }> {
  const groups = new Map<string, Dispatch[]>();
  for (const dispatch of step.dispatches) {
    const { role, name } = dispatch.kernel;
    const key = `${role} ${name}`;
    groups.set(key, [...(groups.get(key) ?? []), dispatch]);
  }
  let clock: PhaseProfile['clock'] = 'gpu';
  const kernels: ProfiledKernel[] = [];
  for (const dispatches of groups.values()) {
    reset(context, step);
    const time = await timeRuns(stopwatch, dispatches);
    if (time.clock === 'wall') clock = 'wall';
    const bytes = groupBytes(context, dispatches, step);
    const { role = '', name = '' } = dispatches[0]?.kernel ?? {};
    kernels.push({
      role,
      kernel: name,
      dispatches: dispatches.length,
      ms: time.ms,
      share: 0,
      bytes,
      gbPerSecond: bytes === null || time.ms === 0 ? null : bytes / time.ms / 1e6,
    });
  }
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  for (const kernel of kernels) kernel.share = total === 0 ? 0 : kernel.ms / total;
  return { kernels, clock };
}

function groupBytes(
  context: ProgramContext,
  dispatches: readonly Dispatch[],
  size: StepSize,
): number | null {
  let sum = 0;
  for (const { kernel } of dispatches) {
    const bytes = kernelBytes(context, kernel, size);
    if (bytes === null) return null;
    sum += bytes;
  }
  return Math.round(sum);
}

/** Median of one run of these dispatches among many in a row. */
async function timeRuns(
  stopwatch: Stopwatch,
  dispatches: readonly Dispatch[],
): Promise<{ ms: number; clock: PhaseProfile['clock'] }> {
  const runs = [[...dispatches]];
  const iterations = await stopwatch.iterationsFor(runs, SAMPLE_MS, true);
  const taken: Elapsed[] = [];
  do taken.push(await stopwatch.time(runs, iterations));
  while (taken.length < SAMPLES && (taken[0]?.wallMs ?? 0) < LONG_MS);
  const clock = isGpuClockTrusted(taken) ? 'gpu' : 'wall';
  const times = taken.map(({ gpuMs, wallMs }) => (clock === 'gpu' ? (gpuMs ?? 0) : wallMs));
  return { ms: median(times) / iterations, clock };
}
