import { sessionProblem } from '../core/session-flags.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import type { SqlTable } from '../store/duckdb.ts';
import {
  exportParquet,
  flagRuns,
  type History,
  openHistory,
  selectFrom,
} from '../store/history.ts';
import { HISTORY_METRICS, historySeries } from '../store/history-series.ts';
import { storePath } from '../store/jsonl.ts';
import { readSessionRecords, sessionStorePath } from '../store/session-records.ts';
import { usageError } from './failure.ts';
import { historyText, tableText } from './history-text.ts';
import { readNoise } from './noise-of-stores.ts';
import { parseDecimal, parseInteger } from './numbers.ts';
import { createFile, writeTextFile } from './output.ts';

/** Options of `mtok history` as typed. */
export interface HistoryArguments {
  model?: string;
  backend?: string;
  variant?: string;
  metric?: string;
  margin?: string;
  last?: string;
  json?: string;
  export?: string;
}

const DEFAULT_MARGIN_PERCENT = 2;
const DEFAULT_LAST = 10;
/** More records than any store has. */
const EVERY = Number.MAX_SAFE_INTEGER;

/** Runs `mtok history`. Throws `usage`, `io`, `record`, `unsupported`. */
export async function historyCommand(
  stores: readonly string[],
  options: HistoryArguments,
): Promise<void> {
  const name = options.metric ?? 'decode';
  const metric = Object.hasOwn(HISTORY_METRICS, name) ? HISTORY_METRICS[name] : undefined;
  if (metric === undefined) {
    const known = Object.keys(HISTORY_METRICS).join(', ');
    throw usageError(`--metric got ${JSON.stringify(name)}, expected one of ${known}`);
  }
  if (options.json === '') throw usageError('--json names no file', 'Write --json FILE.');
  if (options.export === '') throw usageError('--export names no file', 'Write --export FILE.');
  const percent =
    parseDecimal(options.margin, { option: '--margin', min: 0, max: 1000 }) ??
    DEFAULT_MARGIN_PERCENT;
  const last = parseInteger(options.last, { option: '--last', min: 1, max: 1e6 }) ?? DEFAULT_LAST;
  const filter = {
    model: words(options.model),
    weights: words(options.variant),
    backend: words(options.backend),
  };
  const history = await open(stores);
  try {
    if (options.export !== undefined) {
      await writeParquet(history, options.export);
      return;
    }
    const series = await historySeries(history, {
      metric,
      filter,
      margin: percent / 100,
      noise: await readNoise(
        stores.length === 0 ? [null] : stores.filter((store) => !isParquet(store)),
      ),
      last: options.json === undefined || options.last !== undefined ? last : EVERY,
    });
    if (options.json !== undefined) {
      const entries = series.map((one) => ({ metric: name, unit: metric.unit, ...one }));
      await print(options.json, `${JSON.stringify(entries, null, 2)}\n`);
    } else if (series.length === 0) {
      process.stdout.write(
        `None of ${history.records} records has ${name} and fits the filters.\n`,
      );
    } else {
      process.stdout.write(historyText(series, name, metric));
    }
  } finally {
    history.database.close();
  }
}

/** Runs `mtok history sql`. Throws as historyCommand does. */
export async function historySqlCommand(
  query: string,
  stores: readonly string[],
  options: Pick<HistoryArguments, 'json'>,
): Promise<void> {
  if (options.json === '') throw usageError('--json names no file', 'Write --json FILE.');
  const history = await open(stores);
  try {
    const table = await selectFrom(history, query);
    if (options.json === undefined) process.stdout.write(tableText(table));
    else await print(options.json, `${JSON.stringify(objectsOf(table), null, 2)}\n`);
  } finally {
    history.database.close();
  }
}

function isParquet(path: string): boolean {
  return path.endsWith('.parquet');
}

async function open(stores: readonly string[]): Promise<History> {
  const paths = stores.map((store) => (isParquet(store) ? store : storePath(store)));
  const history = await openHistory(
    paths.length === 0 ? [storePath(null)] : paths,
    defaultCacheDir(),
  );
  const stored = stores.filter((store) => !store.endsWith('.parquet'));
  for (const store of stores.length === 0 ? [null] : stored) {
    const { records } = await readSessionRecords(sessionStorePath(store));
    const invalid = records.filter(({ run }) => sessionProblem(run, records) !== null);
    const runs = [...new Set(invalid.map(({ run }) => run))];
    await flagRuns(history, runs, 'session-invalid');
  }
  if (history.passedOver > 0) {
    const lines = history.passedOver === 1 ? '1 line is' : `${history.passedOver} lines are`;
    process.stderr.write(`mtok: ${lines} no record and left out; mtok verify says why\n`);
  }
  return history;
}

async function writeParquet(history: History, path: string): Promise<void> {
  const file = await createFile(path);
  try {
    await exportParquet(history, file.temporaryPath);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
  process.stderr.write(`mtok: ${history.records} records written to ${path}\n`);
}

function objectsOf({ columns, rows }: SqlTable): object[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null])));
}

async function print(path: string, text: string): Promise<void> {
  if (path === '-') process.stdout.write(text);
  else await writeTextFile(path, text);
}

function words(list: string | undefined): string[] {
  return (list ?? '').split(',').flatMap((word) => word.trim() || []);
}
