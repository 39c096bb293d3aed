import type { Backend, Session } from '../backends/backend.ts';
import type { VariantRequest, Workload } from '../core/cell.ts';
import { BenchError } from '../core/errors.ts';
import type { Profile } from '../core/profile.ts';
import type { Repetition } from '../core/record.ts';
import type { Rng } from '../core/rng.ts';
import type { PackedModel } from '../model/packed.ts';
import { clockQuantumMs } from './clock-quantum.ts';
import { assertFiniteLogits } from './finite-logits.ts';
import type { LaunchResult } from './launch.ts';
import type { LaunchPhase } from './progress.ts';
import { randomTokens } from './prompt-tokens.ts';
import type { LaunchProtocol } from './protocol.ts';
import { type PassContext, passMs, timedPass } from './timed-pass.ts';

export interface LaunchInput {
  backend: Backend;
  model: PackedModel;
  variant: VariantRequest;
  workload: Workload;
  protocol: LaunchProtocol;
  /** Whether this launch takes the profile that the protocol asks for. */
  isProfiled: boolean;
  /** This launch's own stream. */
  rng: Rng;
  /** Monotonic clock in ms. */
  now(): number;
  /** What `now` was zero at, in ms since 1970. */
  clockZeroMs?: number;
  /** ISO 8601, for the record. */
  startedAt: string;
  /** Time spent to open and pack the model before the backend saw it; null where it is unknown. */
  modelLoad: { readMs: number | null; packMs: number | null };
  onPhase?: (phase: LaunchPhase) => void;
}

/** Tokens a sequence of this workload comes to; `-p 0` still needs one token to start from. */
export function contextTokens(workload: Workload): number {
  return workload.depth + Math.max(1, workload.promptTokens) + workload.generatedTokens;
}

/** Decode steps of a warm-up pass: enough to settle what a driver compiles or caches lazily. */
const WARMUP_STEPS = 16;
const IMPROVEMENT = 0.02;

/**
 * Measures one launch: opens a session, times its very first pass, prefills the depth, warms up at the exact
 * shapes, then takes repetitions. Runs in Node and on a page. The session is disposed whatever happens.
 * Throws what the backend throws, and `engine` for wrong token counts or ids and for logits that are not finite.
 * `peakRssBytes`, `environment` and `gcPauses` are left null for the host to fill in, `provenance` empty.
 */
export async function measureLaunch(input: LaunchInput): Promise<LaunchResult> {
  const { backend, model, workload, variant } = input;
  assertFitsContext(workload, model);
  const quantum = clockQuantumMs(input.now);

  input.onPhase?.('load');
  const request = { model, variant, batch: workload.batch, contextTokens: contextTokens(workload) };
  const session = await backend.open(request);
  try {
    const context: PassContext = {
      config: model.config,
      workload,
      engine: backend.name,
      rng: input.rng,
      now: input.now,
      clockZeroMs: input.clockZeroMs,
    };
    input.onPhase?.('first-run');
    const firstRunMs = await timeFirstRun(session, context);
    await prefillDepth(session, context);

    input.onPhase?.('warm-up');
    const spentMs = workload.depth === 0 ? firstRunMs : 0;
    const runAheadSteps = Math.min(input.protocol.runAheadSteps, session.mostRunAhead);
    const protocol = { ...input.protocol, runAheadSteps };
    const { warmup, converged } = await warmUp(session, context, protocol, spentMs);
    input.onPhase?.('measure');
    const repetitions = await repeat(session, context, protocol);
    const memory = session.memory();
    await assertFiniteLogits(session, context);
    const profile = input.isProfiled ? await takeProfile(session, input) : null;

    return {
      launch: {
        startedAt: input.startedAt,
        load: {
          ...session.load,
          readMs: sumKnown(input.modelLoad.readMs, session.load.readMs),
          packMs: sumKnown(input.modelLoad.packMs, session.load.packMs),
          firstRunMs,
        },
        warmup,
        repetitions,
        memory: { ...memory, peakRssBytes: null },
        environment: null,
        gcPauses: null,
      },
      modelSha256: model.sha256,
      backend: backend.name,
      variant: session.variant,
      device: session.device,
      settings: { ...session.settings, runAheadSteps },
      provenance: {},
      warmupConverged: converged,
      runAheadSteps,
      profile,
      clockQuantumMs: quantum,
    };
  } finally {
    await session.dispose();
  }
}

/** First prefill and first decode step after the load: what a cold start adds. */
async function timeFirstRun(session: Session, context: PassContext): Promise<number> {
  const started = context.now();
  await timedPass(session, context, Math.min(1, context.workload.generatedTokens));
  return context.now() - started;
}

async function prefillDepth(session: Session, context: PassContext): Promise<void> {
  const { depth, batch } = context.workload;
  await session.rewind(0);
  if (depth > 0) await session.prefill(randomTokens(context.config, batch, depth, context.rng));
}

async function warmUp(
  session: Session,
  context: PassContext,
  protocol: LaunchProtocol,
  firstRunMs: number,
): Promise<{ warmup: Repetition[]; converged: boolean }> {
  if (firstRunMs >= protocol.warmupBudgetMs) return { warmup: [], converged: false };
  const steps = Math.min(WARMUP_STEPS, context.workload.generatedTokens);
  const warmup: Repetition[] = [];
  const started = context.now();
  for (;;) {
    await session.rewind(context.workload.depth);
    warmup.push(await timedPass(session, context, steps, protocol.runAheadSteps));
    if (hasConverged(warmup)) return { warmup, converged: true };
    const spentMs = context.now() - started;
    const isOver = warmup.length >= protocol.warmupMax || spentMs >= protocol.warmupBudgetMs;
    if (warmup.length >= protocol.warmupMin && isOver) return { warmup, converged: false };
  }
}

/** The last two passes were no more than 2 % faster than the best before them. */
export function hasConverged(passes: readonly Repetition[]): boolean {
  if (passes.length < 3) return false;
  const times = passes.map(passMs);
  return Math.min(...times.slice(-2)) >= (1 - IMPROVEMENT) * Math.min(...times.slice(0, -2));
}

async function repeat(
  session: Session,
  context: PassContext,
  protocol: LaunchProtocol,
): Promise<Repetition[]> {
  const repetitions: Repetition[] = [];
  const started = context.now();
  const { generatedTokens } = context.workload;
  const hasEnough = () =>
    repetitions.length >= protocol.repetitionsMax &&
    (generatedTokens === 0 || repetitions.length * generatedTokens >= protocol.decodeTokens);
  while (!hasEnough()) {
    await session.rewind(context.workload.depth);
    repetitions.push(await timedPass(session, context, generatedTokens, protocol.runAheadSteps));
    const spentMs = context.now() - started;
    const nextEndsMs = spentMs * (1 + 1 / repetitions.length);
    if (repetitions.length >= protocol.repetitionsMin && nextEndsMs > protocol.repetitionsBudgetMs)
      break;
  }
  return repetitions;
}

/** Of the prefill that was timed and the step after it; null where the engine does not let us. */
async function takeProfile(
  session: Session,
  { workload, onPhase }: LaunchInput,
): Promise<Profile | null> {
  if (!session.profile) return null;
  onPhase?.('profile');
  return session.profile(workload.depth, Math.max(1, workload.promptTokens));
}

function sumKnown(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}

/** Throws `usage` when the workload is longer than the model's context. */
export function assertFitsContext(
  workload: Workload,
  model: { name: string; config: { context: number } },
): void {
  const needed = contextTokens(workload);
  if (needed <= model.config.context) return;
  throw new BenchError(
    'usage',
    `${model.name} has a context of ${model.config.context} tokens; depth ${workload.depth} + prompt ` +
      `${workload.promptTokens} + generated ${workload.generatedTokens} is ${needed}`,
    { hint: 'Lower -p, -n or -d, or choose a model with a longer context.' },
  );
}
