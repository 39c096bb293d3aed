import type {
  Comparability,
  ImportCheck,
  ImportedMetric,
  ImportedRun,
  ImportRecord,
} from '../core/import-record.ts';
import { formatNumber, plainText } from './format.ts';

/** One figure of another tool as texts, for a terminal or a document alike. */
export interface ImportRow {
  run: ImportedRun;
  workload: string;
  metric: string;
  statistic: string;
  value: string;
  unit: string;
  spread: string;
  /** `comparable`, `convertible` or `not comparable`, with the number of the note that says how or why. */
  standing: string;
  cost: string;
}

/** Rows of some records with the notes they point at, each said once. */
export function importRows(records: readonly ImportRecord[]): {
  rows: ImportRow[];
  notes: string[];
} {
  const notes: string[] = [];
  const numberOf = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const apart = settingsApart(records);
  const rows = records.flatMap(({ run, cost, file }) =>
    run.metrics.map((metric) => ({
      run,
      workload: workloadText(run, apart.get(file.sha256) ?? []),
      metric: plainText(metric.name),
      statistic: `${plainText(metric.statistic)}${metric.isComputed ? ', computed' : ''}`,
      value: formatNumber(metric.value),
      unit: plainText(metric.unit),
      spread: spreadText(metric),
      standing: standingText(metric.comparability, numberOf),
      cost: costText(cost, metric),
    })),
  );
  return { rows, notes };
}

/** Of each file, by its hash, the settings in which its results differ: without them rows look the same. */
function settingsApart(records: readonly ImportRecord[]): Map<string, string[]> {
  const apart = new Map<string, string[]>();
  for (const hash of new Set(records.map(({ file }) => file.sha256))) {
    const runs = records.flatMap(({ file, run }) => (file.sha256 === hash ? [run] : []));
    const names = new Set(runs.flatMap(({ settings }) => Object.keys(settings)));
    const varying = [...names].filter(
      (name) => new Set(runs.map(({ settings }) => settings[name])).size > 1,
    );
    apart.set(hash, varying.slice(0, SHOWN_SETTINGS));
  }
  return apart;
}

const SHOWN_SETTINGS = 4;

/** `pp512 @ d2048, n_threads 2` of an engine; `7389 in, 919 out, 64 at once` of a server. */
function workloadText(run: ImportedRun, apart: readonly string[]): string {
  const { workload, format, settings } = run;
  const { promptTokens, generatedTokens, depth, concurrency } = workload;
  if (format.startsWith('llama-bench')) {
    const tokens = [
      ...(promptTokens ? [`pp${promptTokens}`] : []),
      ...(generatedTokens ? [`tg${generatedTokens}`] : []),
    ];
    const own = apart.map((name) => `, ${name} ${plainText(String(settings[name] ?? 'unknown'))}`);
    return `${tokens.join('+')}${depth ? ` @ d${depth}` : ''}${own.join('')}`;
  }
  const told = [
    ...(promptTokens === null ? [] : [`${tokenCount(promptTokens)} in`]),
    ...(generatedTokens === null ? [] : [`${tokenCount(generatedTokens)} out`]),
    concurrency === null ? 'load unknown' : `${concurrency} at once`,
  ];
  return told.join(', ');
}

/** A count as it is; a mean of counts rounded for the eye. */
function tokenCount(tokens: number): string {
  return Number.isInteger(tokens) ? String(tokens) : formatNumber(tokens);
}

/** `±4.2% sample sd`, and the interval of the mean where the file gives one. */
function spreadText({ spread, value, others }: ImportedMetric): string {
  const parts: string[] = [];
  if (spread !== null && value !== 0) {
    parts.push(`±${formatNumber((spread.value / Math.abs(value)) * 100)}% ${spread.kind}`);
  }
  const { ci_low: low, ci_high: high } = others;
  if (low !== undefined && high !== undefined) {
    parts.push(`${formatNumber(low)} to ${formatNumber(high)}`);
  }
  return parts.join(', ');
}

function standingText(comparability: Comparability, numberOf: (text: string) => number): string {
  switch (comparability.status) {
    case 'comparable':
      return 'comparable';
    case 'convertible':
      return `convertible [${numberOf(`How: ${comparability.how}`)}]`;
    case 'not comparable':
      return `not comparable [${numberOf(`Why: ${comparability.why}`)}]`;
  }
}

function costText(cost: ImportRecord['cost'], metric: ImportedMetric): string {
  const figure = cost?.figures.find((one) => one.metric === metric.name);
  return figure === undefined ? '' : `${formatNumber(figure.usdPerMtok)} ${figure.view}`;
}

/** Whose result it is, of what, on what: `llama-bench de3ff81 (1), tiny.gguf, CPU, AMD EPYC`. */
export function sourceText({ tool, model, backend, device }: ImportedRun): string {
  const name = tool.version === null ? tool.name : `${tool.name} ${tool.version}`;
  const parts = [name, model ?? 'model unknown', backend, device ?? 'device unknown'];
  return plainText(parts.filter((part) => part !== null).join(', '));
}

/** One line per price that some of these were costed with. */
export function importPriceLines(records: readonly ImportRecord[]): string[] {
  const lines = records.flatMap(({ cost }) => {
    if (cost === null) return [];
    const { gpu, source, date } = cost.price;
    const origin = `${plainText(source)}${date === null ? '' : `, ${plainText(date)}`}`;
    return [
      `Price: ${formatNumber(cost.usdPerHour)} USD per hour for ${plainText(gpu)} (${origin}).`,
    ];
  });
  return [...new Set(lines)];
}

const SHOWN_DIFFERENCES = 5;

/** How the figures of a file's results follow from its own samples, in a sentence or some. */
export function recomputedText(checks: readonly ImportCheck[]): string {
  if (checks.length === 0) {
    return 'recomputed: nothing, the file holds neither samples nor totals';
  }
  const equal = checks.filter(({ isEqual }) => isEqual);
  const differing = checks.filter(({ isEqual }) => !isEqual);
  const digits = equal.map((one) => one.digits);
  const range = equal.length === 0 ? '' : `, to ${digitRange(digits)} digits`;
  const told = differing
    .slice(0, SHOWN_DIFFERENCES)
    .map(
      ({ figure, stated, recomputed, how }) =>
        `${plainText(figure)} is ${stated}, but ${recomputed} as ${plainText(how)}`,
    );
  const more = differing.length - told.length;
  const differs = differing.length === 0 ? '' : `; DIFFERS: ${told.join('; ')}`;
  return (
    `recomputed: ${equal.length} of ${checks.length} figures equal${range}${differs}` +
    (more > 0 ? `; and ${more} more` : '')
  );
}

/** Figures differ in how many digits they have; sums of doubles are held to at most 12 of theirs. */
function digitRange(digits: readonly number[]): string {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const one of digits) {
    least = Math.min(least, one);
    most = Math.max(most, one);
  }
  return least === most ? `${least}` : `${least} to ${most}`;
}
