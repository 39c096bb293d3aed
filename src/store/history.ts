import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { RECORD_VERSION } from '../core/record.ts';
import { errorCode, storeError } from './append-line.ts';
import { Database, literalPath, type SqlTable, sqlText } from './duckdb.ts';
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

/**
 * Lines as they are: no character separates or quotes, and what is no JSON becomes null instead of an error. Long
 * lines are not trimmed to see whether they are blank: that takes three times as long as all the rest.
 */
const READ_LINES = `
  SELECT try(from_json(line, ${sqlText(JSON.stringify(RECORD_SHAPE))})) AS j
  FROM read_csv($1, columns = {line: 'VARCHAR'}, auto_detect = false, header = false,
    delim = chr(1), quote = '', escape = '', comment = '', new_line = '\\n',
    strict_mode = false, null_padding = true, ignore_errors = true, max_line_size = ${MAX_LINE_BYTES})
  WHERE strlen(line) > 1000 OR trim(line) <> ''`;

/** What a record cannot do without; everything else may be null. */
const IS_RECORD = `schema = ${RECORD_VERSION} AND j.id IS NOT NULL AND j.run IS NOT NULL
  AND try_cast(j.createdAt AS TIMESTAMP) IS NOT NULL AND j.cell.model IS NOT NULL
  AND j.cell.backend IS NOT NULL AND j.cell.host IS NOT NULL AND j.cell.variant.weights IS NOT NULL
  AND j.cell.workload.batch IS NOT NULL AND j.outcome.status IS NOT NULL`;

/**
 * Reads stores (JSON Lines, or Parquet that `exportParquet` wrote) into DuckDB. Lines that are no records are
 * counted and passed over. Throws `io` for a file that cannot be read, `record` for records of a newer mtok,
 * `unsupported` without DuckDB.
 */
export async function openHistory(paths: readonly string[]): Promise<History> {
  for (const path of paths) await assertReadable(path);
  const database = await Database.open();
  try {
    const columns = HISTORY_COLUMNS.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    await database.run(`CREATE TABLE records (${columns})`);
    let passedOver = 0;
    for (const path of paths) {
      if (extname(path) === '.parquet') await loadParquet(database, path);
      else passedOver += await loadLines(database, path);
    }
    const { rows } = await database.run('SELECT count(*) FROM records');
    return { database, records: Number(rows[0]?.[0] ?? 0), passedOver };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Writes the table as Parquet to a file that may exist. Throws `io`. */
export async function exportParquet({ database }: History, path: string): Promise<void> {
  const target = `${sqlText(path)} (FORMAT parquet, USE_TMP_FILE false)`;
  await database.run(`COPY records TO ${target}`).catch((cause: unknown) => {
    throw new BenchError('io', `Cannot write ${path}: ${(cause as Error).message}`, { cause });
  });
}

export function selectFrom({ database }: History, sql: string): Promise<SqlTable> {
  return database.select(sql);
}

async function loadLines(database: Database, path: string): Promise<number> {
  const from = [literalPath(path)];
  await database
    .run(`CREATE TEMP TABLE lines AS SELECT j.schema AS schema, j FROM (${READ_LINES})`, from)
    .catch((cause: unknown) => {
      throw storeError('read', path, cause);
    });
  const { rows } = await database.run(
    `SELECT max(schema), count(*) - count(*) FILTER (${IS_RECORD}) FROM lines`,
  );
  const [newest, passedOver] = rows[0] ?? [];
  if (typeof newest === 'number' && newest > RECORD_VERSION && Number.isInteger(newest)) {
    throw new BenchError(
      'record',
      `${path}: record of schema ${newest}, this mtok reads up to ${RECORD_VERSION}`,
      { hint: 'Read it with the newer mtok that wrote it.' },
    );
  }
  const expressions = HISTORY_COLUMNS.map(({ sql, name }) => `${sql} AS "${name}"`).join(', ');
  await database.run(`INSERT INTO records SELECT ${expressions} FROM lines WHERE ${IS_RECORD}`);
  await database.run('DROP TABLE lines');
  return Number(passedOver ?? 0);
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
