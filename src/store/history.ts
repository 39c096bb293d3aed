import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { RECORD_VERSION } from '../core/record.ts';
import { errorCode, storeError } from './append-line.ts';
import { Database, literalPath, type SqlTable, sqlText } from './duckdb.ts';
import { cachedColumns, cacheEntry, keepColumns } from './history-cache.ts';
import { HISTORY_COLUMNS, RECORD_SHAPE } from './history-columns.ts';
import { MAX_LINE_BYTES } from './lines.ts';

/** Records that can be asked about: the table `records` of a database. */
export interface History {
  database: Database;
  records: number;
  /** Lines that hold no record. */
  passedOver: number;
}

const COLUMN_NAMES = HISTORY_COLUMNS.map(({ name }) => `"${name}"`).join(', ');

/** DuckDB's buffers grow with the longest line it expects; with small ones it reads twice as fast. */
const USUAL_LINE_BYTES = 2 * 2 ** 20;

/**
 * Lines as they are: no character separates or quotes, and what is no JSON becomes null instead of an error. Lines
 * beyond the limit and such that are no UTF-8 are passed over. Long lines are not trimmed to see whether they are
 * blank: that takes three times as long as all the rest.
 */
const readLinesSql = (maxBytes: number) => `
  SELECT try(from_json(line, ${sqlText(JSON.stringify(RECORD_SHAPE))})) AS j, strlen(line) AS bytes
  FROM read_csv($1, columns = {line: 'VARCHAR'}, auto_detect = false, header = false,
    delim = chr(1), quote = '', escape = '', comment = '', new_line = '\\n',
    strict_mode = false, null_padding = true, ignore_errors = true, max_line_size = ${maxBytes})
  WHERE CASE WHEN strlen(line) > 1000 THEN true ELSE trim(line) <> '' END`;

/** What a record cannot do without, as columns; everything else may be null. */
const NEEDED = 'id, run, created_at, model, backend, host, weights, batch, status';
const IS_RECORD = `line_schema IS NOT DISTINCT FROM ${RECORD_VERSION}
  AND ${NEEDED.split(', ')
    .map((name) => `${name} IS NOT NULL`)
    .join(' AND ')}`;

/**
 * Reads stores (JSON Lines, or Parquet that `exportParquet` wrote) into DuckDB. Lines that are no records are
 * counted and passed over. The columns of large stores are kept in `cacheDir`, null for nowhere, until the store
 * changes. Throws `io` for a file that cannot be read, `record` for records of a newer mtok,
 * `unsupported` without DuckDB.
 */
export async function openHistory(
  paths: readonly string[],
  cacheDir: string | null,
): Promise<History> {
  for (const path of paths) await assertReadable(path);
  const database = await Database.open();
  try {
    const columns = HISTORY_COLUMNS.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    await database.run(`CREATE TABLE records (${columns})`);
    let passedOver = 0;
    for (const path of paths) {
      if (extname(path) === '.parquet') await loadParquet(database, path);
      else passedOver += await loadStore(database, path, cacheDir);
    }
    const { rows } = await database.run('SELECT count(*) FROM records');
    return { database, records: Number(rows[0]?.[0] ?? 0), passedOver };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Adds a flag to all records of these runs: what is known of a run from elsewhere than its records. */
export async function flagRuns(
  { database }: History,
  runs: readonly string[],
  code: string,
): Promise<void> {
  if (runs.length === 0) return;
  const list = runs.map(sqlText).join(', ');
  await database.run(
    `UPDATE records SET flags = list_append(coalesce(flags, []), ${sqlText(code)}) WHERE run IN (${list})`,
  );
}

/** Writes the table as Parquet to a file that may exist. Throws `io`. */
export async function exportParquet({ database }: History, path: string): Promise<void> {
  await writeTable(database, 'records', path).catch((cause: unknown) => {
    throw new BenchError('io', `Cannot write ${path}: ${(cause as Error).message}`, { cause });
  });
}

export function selectFrom({ database }: History, sql: string): Promise<SqlTable> {
  return database.select(sql);
}

/** The same from what was kept of the store; keeps it where nothing was. Returns how many lines are no records. */
async function loadStore(
  database: Database,
  path: string,
  cacheDir: string | null,
): Promise<number> {
  const entry = cacheDir === null ? null : await cacheEntry(cacheDir, path);
  const kept = entry && (await cachedColumns(entry));
  if (kept !== null) {
    const isRead = await loadParquet(database, kept.path).then(
      () => true,
      () => false, // damaged, or another process is replacing it
    );
    if (isRead) return kept.passedOver;
  }
  const passedOver = await loadLines(database, path);
  if (entry !== null) {
    await keepColumns(entry, passedOver, (target) => writeTable(database, 'loaded', target));
  }
  await addLoaded(database);
  return passedOver;
}

/** Moves the rows of `loaded` into `records`; of the first store it becomes that table, which saves a copy. */
async function addLoaded(database: Database): Promise<void> {
  const { rows } = await database.run('SELECT 1 FROM records LIMIT 1');
  if (rows.length === 0) {
    await database.run('DROP TABLE records');
    await database.run('ALTER TABLE loaded RENAME TO records');
    return;
  }
  await database.run('INSERT INTO records SELECT * FROM loaded');
  await database.run('DROP TABLE loaded');
}

async function writeTable(database: Database, table: string, path: string): Promise<void> {
  await database.run(`COPY ${table} TO ${sqlText(path)} (FORMAT parquet, USE_TMP_FILE false)`);
}

/** Fills the table `loaded` with the columns of a store's records. Returns how many lines are no records. */
async function loadLines(database: Database, path: string): Promise<number> {
  const bytesRead = await readInto(database, path, USUAL_LINE_BYTES);
  // What is missing is at least one line longer than usual, or no text at all.
  if ((await stat(path)).size - bytesRead > USUAL_LINE_BYTES / 2) {
    await readInto(database, path, MAX_LINE_BYTES);
  }
  const { rows } = await database.run(
    `SELECT max(line_schema), count(*) - count(*) FILTER (${IS_RECORD}) FROM loaded`,
  );
  const [newest, passedOver] = rows[0] ?? [];
  if (typeof newest === 'number' && newest > RECORD_VERSION && Number.isInteger(newest)) {
    throw new BenchError(
      'record',
      `${path}: record of schema ${newest}, this mtok reads up to ${RECORD_VERSION}`,
      { hint: 'Read it with the newer mtok that wrote it.' },
    );
  }
  if (passedOver !== 0) await database.run(`DELETE FROM loaded WHERE NOT (${IS_RECORD})`);
  for (const name of Object.keys(OF_LINES)) {
    await database.run(`ALTER TABLE loaded DROP COLUMN ${name}`);
  }
  return Number(passedOver ?? 0);
}

/** What is kept of a line besides a record's columns until all are read. */
const OF_LINES = { line_bytes: 'bytes', line_schema: 'j.schema' };

/**
 * All in one statement: records as structs would be written out and read again in between. Each expression must be one
 * that DuckDB computes `j` once for, so no long conjunctions.
 */
const LOADED_COLUMNS = [
  ...HISTORY_COLUMNS.map(({ sql, name, type }) => `(${sql})::${type} AS "${name}"`),
  ...Object.entries(OF_LINES).map(([name, sql]) => `${sql} AS ${name}`),
].join(', ');

/** Fills the table `loaded` with what a file's lines hold. Returns their bytes with what ends them. */
async function readInto(database: Database, path: string, maxBytes: number): Promise<number> {
  await database
    .run(
      `CREATE OR REPLACE TABLE loaded AS SELECT ${LOADED_COLUMNS} FROM (${readLinesSql(maxBytes)})`,
      [literalPath(path)],
    )
    .catch((cause: unknown) => {
      throw storeError('read', path, cause);
    });
  const { rows } = await database.run(
    'SELECT (coalesce(sum(line_bytes), 0) + count(*))::DOUBLE FROM loaded',
  );
  return Number(rows[0]?.[0]);
}

async function loadParquet(database: Database, path: string): Promise<void> {
  await database
    .run(`INSERT INTO records SELECT ${COLUMN_NAMES} FROM read_parquet($1)`, [literalPath(path)])
    .catch((cause: unknown) => {
      throw new BenchError('record', `${path} is no Parquet file of records`, {
        hint: 'Make one from a store with mtok history --export FILE.parquet.',
        cause,
      });
    });
}

async function assertReadable(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    if (errorCode(cause) !== 'ENOENT') throw storeError('read', path, cause);
    throw new BenchError('io', `There is no store at ${path}`, {
      hint: 'Run mtok bench first, or name the folder or .jsonl file that it wrote to.',
    });
  });
  if (!stats.isFile()) throw storeError('read', path, new Error('it is no file'));
}
