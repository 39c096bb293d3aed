import { TUNED_CONTEXTS, TUNED_ROWS } from '../../bench/kernels/tuned-operations.ts';
import { KV_FORMATS, type KvFormat, WEIGHT_FORMATS, type WeightFormat } from '../core/cell.ts';
import { parseNumberList } from '../core/number-list.ts';
import { DEFAULT_SWEEP } from '../core/plan.ts';
import { isPresetName } from '../model/presets.ts';
import { usageError } from './failure.ts';
import { parseDecimal } from './numbers.ts';

/** Options of `mtok tune` as typed, before any check. */
export interface TuneArguments {
  model?: string[];
  shapes?: string;
  variant?: string;
  kv?: string;
  rows?: string;
  context?: string;
  budget?: string;
  adapter?: string;
  force?: boolean;
  json?: boolean;
  out?: string;
}

/** The same, checked; whether the models exist is seen when they are read. */
export interface TuneOptions {
  /** Specifications, as `--model` takes them. */
  models: string[];
  formats: WeightFormat[];
  kv: KvFormat | 'auto';
  rows: number[];
  contexts: number[];
  budgetSeconds: number;
  adapter: string;
  isForced: boolean;
  isJson: boolean;
  out: string | null;
}

const DEFAULT_BUDGET_SECONDS = 300;

/** Checks what was typed and fills in defaults. Throws `usage`. */
export function tuneOptions(argv: TuneArguments): TuneOptions {
  const shapes = argv.shapes === undefined ? [] : split('--shapes', argv.shapes).map(presetSpec);
  const named = [...(argv.model ?? []), ...shapes];
  const [kv = 'auto'] = choices('--kv', argv.kv ?? 'auto', ['auto', ...KV_FORMATS] as const);
  return {
    models: named.length > 0 ? [...new Set(named)] : [...DEFAULT_SWEEP.models],
    formats: choices('--variant', argv.variant ?? DEFAULT_SWEEP.variants, WEIGHT_FORMATS),
    kv,
    rows: numbers('--rows', argv.rows, 4096) ?? [...TUNED_ROWS],
    contexts: numbers('--context', argv.context, 131_072) ?? [...TUNED_CONTEXTS],
    budgetSeconds:
      parseDecimal(argv.budget, { option: '--budget', min: 1, max: 1_000_000 }) ??
      DEFAULT_BUDGET_SECONDS,
    adapter: argv.adapter ?? 'auto',
    isForced: argv.force ?? false,
    isJson: argv.json ?? false,
    out: argv.out ?? null,
  };
}

function presetSpec(name: string): string {
  if (isPresetName(name)) return `synthetic:${name}`;
  throw usageError(
    `--shapes got ${JSON.stringify(name.slice(0, 40))}, which is no preset`,
    'See mtok models.',
  );
}

function numbers(option: string, text: string | undefined, max: number): number[] | null {
  return text === undefined ? null : parseNumberList(text, { option, min: 1, max });
}

function choices<T extends string>(option: string, text: string, offered: readonly T[]): T[] {
  const chosen = split(option, text).map((word) => {
    const choice = offered.find((name) => name === word);
    if (choice !== undefined) return choice;
    const shown = JSON.stringify(word.slice(0, 40));
    throw usageError(`${option} got ${shown}, expected one of ${offered.join(', ')}`);
  });
  return [...new Set(chosen)];
}

function split(option: string, text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.includes('')) return parts;
  throw usageError(`${option} got ${JSON.stringify(text.slice(0, 40))}, with an empty word in it`);
}
