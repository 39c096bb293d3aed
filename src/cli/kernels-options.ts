import type { Scalar } from '../../bench/kernels/expectation.ts';
import type { ShapeSelection } from '../../bench/kernels/model-shapes.ts';
import { KV_FORMATS, WEIGHT_FORMATS } from '../core/cell.ts';
import { parseNumberList } from '../core/number-list.ts';
import { type PresetName, presetNames, presets } from '../model/presets.ts';
import { usageError } from './failure.ts';
import { parseDecimal, parseInteger } from './numbers.ts';

/** Options of `mtok kernels` as typed, before any check. */
export interface KernelsArguments {
  modelShapes?: string;
  op?: string;
  format?: string;
  rows?: string;
  context?: string;
  kv?: string;
  activations?: string;
  quick?: boolean;
  budget?: string;
  validateOnly?: boolean;
  validate?: boolean;
  peer?: boolean;
  adapter?: string;
  json?: string;
  out?: string;
  seed?: string;
}

/** The same, checked. */
export interface KernelsOptions {
  shapes: Partial<ShapeSelection>;
  filter: string[];
  activations: Scalar;
  isQuick: boolean;
  budgetSeconds: number | null;
  validates: boolean;
  times: boolean;
  hasPeer: boolean;
  adapter: string;
  json: string | null;
  out: string | null;
  seed: number;
}

/** Oracles and inputs are made on the host, so that sizes are bounded. */
const MOST_ROWS = 4096;
const MOST_CONTEXT = 131_072;
const DEFAULT_SEED = 42;

/** Checks what was typed and fills in defaults. Throws `usage`. */
export function kernelsOptions(argv: KernelsArguments): KernelsOptions {
  if (argv.json === '') throw usageError('--json names no file', 'Write --json FILE or --json -.');
  if (argv.validateOnly === true && argv.validate === false) {
    throw usageError('--validate-only and --no-validate leave nothing to do');
  }
  const [activations = 'f32'] =
    words<Scalar>('--activations', argv.activations, ['f32', 'f16']) ?? [];
  return {
    shapes: shapesOf(argv),
    filter: argv.op === undefined ? [] : split('--op', argv.op),
    activations,
    isQuick: argv.quick ?? false,
    budgetSeconds: parseDecimal(argv.budget, { option: '--budget', min: 1, max: 1_000_000 }),
    validates: argv.validate ?? true,
    times: argv.validateOnly !== true,
    hasPeer: argv.peer ?? true,
    adapter: argv.adapter ?? 'auto',
    json: argv.json ?? null,
    out: argv.out ?? null,
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 32 - 1 }) ?? DEFAULT_SEED,
  };
}

function shapesOf(argv: KernelsArguments): Partial<ShapeSelection> {
  const timeable = presetNames.filter((name) => !presets[name].planningOnly);
  const models = words<PresetName>('--model-shapes', argv.modelShapes, timeable);
  const formats = words('--format', argv.format, WEIGHT_FORMATS);
  const kv = words('--kv', argv.kv, KV_FORMATS);
  const rows = numbers('--rows', argv.rows, MOST_ROWS);
  const contexts = numbers('--context', argv.context, MOST_CONTEXT);
  return {
    ...(models && { models }),
    ...(formats && { formats }),
    ...(kv && { kv }),
    ...(rows && { rows }),
    ...(contexts && { contexts }),
  };
}

function numbers(option: string, text: string | undefined, max: number): number[] | undefined {
  return text === undefined ? undefined : parseNumberList(text, { option, min: 1, max });
}

/** Distinct words of a comma list, each one of the choices. */
function words<T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
): T[] | undefined {
  if (text === undefined) return undefined;
  const chosen = split(option, text).map((word) => {
    const choice = choices.find((name) => name === word);
    if (choice !== undefined) return choice;
    throw usageError(
      `${option} got ${JSON.stringify(word.slice(0, 40))}, expected one of ${choices.join(', ')}`,
    );
  });
  return [...new Set(chosen)];
}

function split(option: string, text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) {
    throw usageError(
      `${option} got ${JSON.stringify(text.slice(0, 40))}, with an empty word in it`,
    );
  }
  return parts;
}
