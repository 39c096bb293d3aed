import type { IdentityKey } from '../core/cell-identity.ts';
import {
  comparedKeys,
  parseAllowed,
  parseSelection,
  type Selection,
} from '../core/cell-selection.ts';
import { METRIC_NAMES, type MetricName } from '../core/comparison-metrics.ts';
import type { Verdict } from '../core/comparison-verdict.ts';
import { usageError } from './failure.ts';
import { parseInteger } from './numbers.ts';

/** Options of `mtok compare` as typed, before any check. */
export interface CompareArguments {
  a?: string;
  b?: string;
  metric?: string;
  allow?: string;
  failOn?: string;
  seed?: string;
  json?: string;
}

export interface CompareOptions {
  /** Store and selection of either side; null is the default store. */
  a: { store: string | null; selection: Selection };
  b: { store: string | null; selection: Selection };
  metrics: MetricName[];
  /** Keys whose differences do not matter, because they are what is compared. */
  compared: IdentityKey[];
  /** Keys that the user allows to differ. */
  allowed: IdentityKey[];
  /** Verdicts that fail the command. */
  failOn: readonly Verdict[];
  seed: number;
  json: string | null;
}

const DEFAULT_METRICS: MetricName[] = ['prefill', 'decode'];
const DEFAULT_SEED = 42;

/** Checks what was typed and fills in defaults. Throws `usage`. */
export function compareOptions(stores: readonly string[], argv: CompareArguments): CompareOptions {
  const [first = null, second] = stores;
  if (second === undefined && (argv.a === undefined || argv.b === undefined)) {
    throw usageError(
      'One store is compared within itself: --a and --b say what with what',
      'mtok compare --a backend=wgsl --b backend=ort-webgpu, or mtok compare before.jsonl after.jsonl',
    );
  }
  const a = argv.a === undefined ? new Map() : parseSelection('--a', argv.a);
  const b = argv.b === undefined ? new Map() : parseSelection('--b', argv.b);
  if (argv.json === '') throw usageError('--json names no file', 'Write --json FILE or --json -.');
  return {
    a: { store: first, selection: a },
    b: { store: second ?? first, selection: b },
    metrics: parseMetrics(argv.metric),
    compared: comparedKeys(a, b),
    allowed: argv.allow === undefined ? [] : parseAllowed('--allow', argv.allow),
    failOn: parseFailOn(argv.failOn),
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 32 - 1 }) ?? DEFAULT_SEED,
    json: argv.json ?? null,
  };
}

function parseMetrics(text: string | undefined): MetricName[] {
  if (text === undefined) return DEFAULT_METRICS;
  if (text === 'all') return [...METRIC_NAMES];
  const chosen = text.split(',').map((part) => {
    const metric = METRIC_NAMES.find((name) => name === part.trim());
    if (metric !== undefined) return metric;
    throw usageError(
      `--metric got ${JSON.stringify(part.slice(0, 40))}, expected ${METRIC_NAMES.join(', ')}`,
      'Separate several with commas, or write --metric all.',
    );
  });
  return [...new Set(chosen)];
}

/** `ambiguous` is the stricter gate: what is slower fails it too. */
function parseFailOn(text: string | undefined): Verdict[] {
  switch (text) {
    case undefined:
      return [];
    case 'slower':
      return ['SLOWER'];
    case 'ambiguous':
      return ['SLOWER', 'AMBIGUOUS'];
    default:
      throw usageError(
        `--fail-on got ${JSON.stringify(text.slice(0, 40))}, expected slower or ambiguous`,
      );
  }
}
