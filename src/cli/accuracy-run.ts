import type { Variant } from '../core/cell.ts';
import { type BenchError, toBenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { openSource } from '../hosts/node/model-source.ts';
import { runTask } from '../hosts/node/spawn.ts';
import type { ModelConfig } from '../model/config.ts';
import type { ComparisonSummary } from '../quality/comparison.ts';
import { compareLogits, type TextQuality } from './accuracy-compare.ts';
import { gateProblems } from './accuracy-gates.ts';
import { type AccuracyPlan, baselineOf, type LogitsRun, runKey } from './accuracy-options.ts';
import { chooseTokens } from './accuracy-tokens.ts';
import { isInterruption } from './interrupt.ts';
import { type ComputedLogits, LogitsRuns } from './logits-runs.ts';

/** One line of the table. Null stands for what was not asked for, or could not be had. */
export interface AccuracyRow {
  run: LogitsRun;
  /** The formats that ran. */
  variant: Variant | null;
  device: string | null;
  status: 'ok' | 'unsupported' | 'failed';
  /** Why there is no result. */
  reason: { code: string; message: string; hint: string | null } | null;
  /** Against the reference with the same weights and cache format, in f64: the engine's own error. */
  engine: ComparisonSummary | null;
  /** Against the reference with float weights and an f32 cache: what all formats together cost. */
  weights: ComparisonSummary | null;
  /** Against the row that differs in the baseline's axis alone. */
  baseline: ComparisonSummary | null;
  text: TextQuality | null;
  /** Gates that it fails, in words. */
  problems: string[];
}

/** Everything that `mtok accuracy` found out. */
export interface AccuracyResult {
  model: string;
  modelSha256: string;
  plan: AccuracyPlan;
  tokens: number[];
  tokensFrom: string;
  /** Of the float weights that rows are held against. */
  floatText: TextQuality | null;
  rows: AccuracyRow[];
}

export interface AccuracySurroundings {
  signal: AbortSignal;
  /** Before row `index` of `count` is computed. */
  onRow(index: number, count: number, run: LogitsRun): void;
}

/** Computes and compares. A run that an engine cannot do is a row that says why; throws when the reference cannot. */
export async function measureAccuracy(
  plan: AccuracyPlan,
  surroundings: AccuracySurroundings,
): Promise<AccuracyResult> {
  const { model, adapter } = plan;
  const { signal } = surroundings;
  const { config, sha256: modelSha256 } = await inspect(model);
  const chosen = await chooseTokens(plan, config, (start, count) =>
    continueGreedily(model, start, count, signal),
  );
  const { tokens, from: tokensFrom } = chosen;
  const runs = await LogitsRuns.create({ model, adapter, tokens, signal });
  try {
    const rows: AccuracyRow[] = [];
    for (const [i, run] of plan.runs.entries()) {
      surroundings.onRow(i, plan.runs.length, run);
      rows.push(await measureRow(run, plan, tokens, runs));
      const rest = plan.runs.slice(i + 1);
      await runs.release((other) => isNeeded(other, rest, plan));
    }
    const floatText =
      plan.against === null
        ? null
        : (await compareLogits(tokens, await runs.get(floats(plan.against)), {})).text;
    return { model, modelSha256, plan, tokens, tokensFrom, floatText, rows };
  } finally {
    await runs.dispose();
  }
}

async function measureRow(
  run: LogitsRun,
  plan: AccuracyPlan,
  tokens: readonly number[],
  runs: LogitsRuns,
): Promise<AccuracyRow> {
  const nothing = { variant: null, device: null, engine: null, weights: null, baseline: null };
  let got: ComputedLogits;
  try {
    got = await runs.get(run);
  } catch (error) {
    if (isInterruption(error)) throw error;
    return { run, ...nothing, text: null, problems: [], ...failure(toBenchError(error)) };
  }
  const { variant, device } = got;
  const same = await runs.get(oracle(variant));
  const float = plan.against === null ? null : await runs.get(floats(plan.against));
  const other = baselineOf(run, plan.baseline);
  // A baseline that failed has a row of its own that says why.
  const base = other === null ? null : await runs.get(other).catch(() => null);
  try {
    const rng = new Rng('accuracy bootstrap', plan.seed);
    const { text, summaries } = await compareLogits(tokens, got, { same, float, base }, rng);
    const { same: engine = null, float: weights = null, base: baseline = null } = summaries;
    const result = { engine, weights, baseline };
    const problems = gateProblems(result, variant, plan.gates);
    const row = { run, variant, device: device.name, status: 'ok', reason: null } as const;
    return { ...row, ...result, text, problems };
  } catch (error) {
    const why = failure(toBenchError(error));
    return { run, ...nothing, variant, device: device.name, text: null, problems: [], ...why };
  }
}

function failure({ code, message, hint }: BenchError): Pick<AccuracyRow, 'status' | 'reason'> {
  const status = code === 'unsupported' || code === 'no-adapter' ? 'unsupported' : 'failed';
  return { status, reason: { code, message, hint: hint ?? null } };
}

/**
 * The reference: f64 sums over these weights, with this cache. Activations of 8 bits are part of the function that
 * is computed; those of 16 are a rounding between its operators.
 */
function oracle({ weights, kv, activations }: Variant): LogitsRun {
  const rounded = activations === 'int8' ? 'int8' : 'f32';
  const variant = { weights, kv, activations: rounded } as const;
  return { backend: 'reference', host: 'node', variant, phase: 'prefill' };
}

/** The reference with weights that are not quantised. */
function floats(weights: 'f32' | 'f16'): LogitsRun {
  return oracle({ weights, kv: 'f32', activations: 'f32' });
}

/** Whether logits are still wanted for the rows that are to come, or for the end. */
function isNeeded(run: LogitsRun, rest: readonly LogitsRun[], plan: AccuracyPlan): boolean {
  const key = runKey(run);
  if (plan.against !== null && key === runKey(floats(plan.against))) return true;
  return rest.some((later) => {
    const other = baselineOf(later, plan.baseline);
    if (key === runKey(later) || (other !== null && key === runKey(other))) return true;
    return run.backend === 'reference' && run.variant.weights === later.variant.weights;
  });
}

async function inspect(model: string): Promise<{ config: ModelConfig; sha256: string }> {
  const source = await openSource(model, defaultCacheDir());
  await source.close();
  return { config: source.config, sha256: source.sha256 };
}

async function continueGreedily(
  model: string,
  start: readonly number[],
  count: number,
  signal: AbortSignal,
): Promise<number[]> {
  if (start.length >= count) return [...start];
  const { backend, host, variant } = floats('f32');
  const { tokens } = await runTask(
    {
      type: 'generate',
      input: {
        ...{ model, backend, host, variant, adapter: null, cacheDir: defaultCacheDir() },
        promptTokens: start,
        generatedTokens: count - start.length,
      },
    },
    { signal },
  );
  return [...start, ...tokens];
}
