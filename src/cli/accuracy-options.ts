import type { BackendName, HostName, VariantRequest } from '../core/cell.ts';
import { planCells } from '../core/plan.ts';
import type { LogitsRequest } from '../hosts/run-session.ts';
import { usageError } from './failure.ts';
import { parseDecimal, parseInteger } from './numbers.ts';
import { parseTokenIds } from './session-options.ts';

/** Options of `mtok accuracy` as typed, before any check. */
export interface AccuracyArguments {
  model?: string;
  tokens?: string;
  prompt?: string;
  text?: string;
  positions?: string;
  backend?: string;
  variant?: string;
  kv?: string;
  activations?: string;
  host?: string;
  phase?: string;
  against?: string;
  baseline?: string;
  maxKl?: string;
  maxNmse?: string;
  adapter?: string;
  seed?: string;
  json?: string;
}

/** One source of logits: what is asked of which engine, and how its tokens are fed. */
export interface LogitsRun {
  backend: BackendName;
  host: HostName;
  variant: VariantRequest;
  phase: LogitsRequest['phase'];
}

/** Where the tokens come from. */
export type TextSource =
  | { kind: 'tokens'; ids: number[] }
  | { kind: 'file'; path: string }
  | { kind: 'prompt'; text: string }
  | { kind: 'drawn' };

export const BASELINE_AXES = ['kv', 'variant', 'activations', 'backend', 'phase'] as const;
export const PHASES = ['prefill', 'decode'] as const;

/** `--baseline kv=f16`: each row is also held against the one that differs from it in this alone. */
export interface Baseline {
  axis: (typeof BASELINE_AXES)[number];
  value: string;
}

/** What a run must not exceed; null is no limit. */
export interface Gates {
  /** Of the engine's own error; null takes DEFAULT_MAX_NMSE of the activations. */
  maxNmse: number | null;
  /** Of every mean divergence in the table, in nats. */
  maxKl: number | null;
}

/** Largest NMSE of an engine's logits, by the format that activations are stored in. */
export const DEFAULT_MAX_NMSE = { f32: 1e-4, f16: 1e-2, int8: 1e-3 } as const;

export interface AccuracyPlan {
  model: string;
  source: TextSource;
  /** Tokens to feed; null takes as many as the source has, within DEFAULT_POSITIONS. */
  positions: number | null;
  runs: LogitsRun[];
  /** Weights that the quantisation error is measured against; null leaves it out. */
  against: 'f32' | 'f16' | null;
  baseline: Baseline | null;
  gates: Gates;
  adapter: string | null;
  seed: number;
}

export const DEFAULT_POSITIONS = 64;
const DEFAULT_SEED = 42;
const MOST_POSITIONS = 1 << 20;

/** Checks what was typed and fills in defaults. Throws `usage`. */
export function planAccuracy(argv: AccuracyArguments): AccuracyPlan {
  const cells = planCells({
    models: [argv.model ?? ''],
    backends: argv.backend ?? 'wgsl',
    variants: argv.variant ?? 'f16,int8,int4',
    kv: argv.kv ?? 'auto',
    activations: argv.activations ?? 'auto',
    hosts: argv.host ?? 'node',
    prompt: '1',
    generate: '0',
    depth: '0',
    batch: '1',
  });
  const [{ model } = { model: '' }] = cells;
  if (cells.some((cell) => cell.model !== model)) throw usageError('--model names several models');
  const phases = parsePhases(argv.phase ?? 'prefill');
  const asked = cells.flatMap(({ backend, host, variant }) =>
    phases.map((phase): LogitsRun => ({ backend, host, variant, phase })),
  );
  const baseline =
    argv.baseline === undefined ? usualBaseline(asked) : parseBaseline(argv.baseline);
  return {
    model,
    source: parseSource(argv),
    positions: parseInteger(argv.positions, { option: '-n', min: 1, max: MOST_POSITIONS }),
    runs: withBaselines(asked, baseline),
    against: parseAgainst(argv.against ?? 'reference:f32'),
    baseline,
    gates: {
      maxNmse: parseDecimal(argv.maxNmse, { option: '--max-nmse', min: 0, max: 1000 }),
      maxKl: parseDecimal(argv.maxKl, { option: '--max-kl', min: 0, max: 1000 }),
    },
    adapter: argv.adapter ?? null,
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 32 - 1 }) ?? DEFAULT_SEED,
  };
}

/** Equal for runs that give the same logits. */
export function runKey({ backend, host, variant, phase }: LogitsRun): string {
  return [backend, host, variant.weights, variant.kv, variant.activations, phase].join(' ');
}

/** The run that a run is held against, or null where it is that one itself. */
export function baselineOf(run: LogitsRun, baseline: Baseline | null): LogitsRun | null {
  if (baseline === null) return null;
  const { axis, value } = baseline;
  const { backend, host, variant, phase } = run;
  const other = {
    backend: axis === 'backend' ? value : backend,
    host,
    variant: {
      weights: axis === 'variant' ? value : variant.weights,
      kv: axis === 'kv' ? value : variant.kv,
      activations: axis === 'activations' ? value : variant.activations,
    },
    phase: axis === 'phase' ? value : phase,
  } as LogitsRun; // parseBaseline has checked the value
  return runKey(other) === runKey(run) ? null : other;
}

/** The runs asked for and the baselines among which some are missing, each before what needs it. */
function withBaselines(runs: readonly LogitsRun[], baseline: Baseline | null): LogitsRun[] {
  const all = runs.flatMap((run) => {
    const other = baselineOf(run, baseline);
    return other === null ? [run] : [other, run];
  });
  return [...new Map(all.map((run) => [runKey(run), run])).values()];
}

/** A cache of 16 bits is what others are held against when both were asked for. */
function usualBaseline(runs: readonly LogitsRun[]): Baseline | null {
  const formats = new Set(runs.map(({ variant }) => variant.kv));
  return formats.has('f16') && formats.size > 1 ? { axis: 'kv', value: 'f16' } : null;
}

function parseBaseline(text: string): Baseline {
  const [name = '', value = '', ...rest] = text.split('=').map((part) => part.trim());
  const axis = BASELINE_AXES.find((known) => known === name);
  if (axis === undefined || value === '' || value.includes(',') || rest.length > 0) {
    throw usageError(
      `--baseline got ${JSON.stringify(text.slice(0, 40))}, expected one of ${BASELINE_AXES.join(', ')} and a value`,
      'Write --baseline kv=f16.',
    );
  }
  // The value must be one that the axis's own option takes.
  if (axis === 'phase') parsePhases(value);
  else planAccuracy({ model: 'any', [axis]: value });
  return { axis, value };
}

function parsePhases(text: string): (typeof PHASES)[number][] {
  const chosen = text.split(',').map((part) => {
    const phase = PHASES.find((known) => known === part.trim());
    if (phase !== undefined) return phase;
    throw usageError(
      `--phase got ${JSON.stringify(part.trim().slice(0, 40))}, expected ${PHASES.join(', ')}`,
    );
  });
  return [...new Set(chosen)];
}

function parseAgainst(text: string): AccuracyPlan['against'] {
  const known = { 'reference:f32': 'f32', 'reference:f16': 'f16', 'same-weights': null } as const;
  const choice = Object.entries(known).find(([name]) => name === text.trim());
  if (choice !== undefined) return choice[1];
  throw usageError(
    `--against got ${JSON.stringify(text.slice(0, 40))}, expected ${Object.keys(known).join(', ')}`,
  );
}

function parseSource({ tokens, prompt, text }: AccuracyArguments): TextSource {
  const given = [tokens, prompt, text].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw usageError('Of --tokens, --prompt and --text only one can be given');
  }
  if (tokens !== undefined) return { kind: 'tokens', ids: parseTokenIds('--tokens', tokens) };
  if (prompt !== undefined) return { kind: 'prompt', text: prompt };
  if (text === '') throw usageError('--text names no file', 'Write --text FILE.');
  return text === undefined ? { kind: 'drawn' } : { kind: 'file', path: text };
}
