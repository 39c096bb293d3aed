import type { DuckDBConnection } from '@duckdb/node-api';
import { BenchError } from '../core/errors.ts';

/** A value as JavaScript has it; whole numbers beyond 2^53 are texts. */
export type SqlValue = null | boolean | number | string | SqlValue[] | { [name: string]: SqlValue };

export interface SqlTable {
  columns: string[];
  rows: SqlValue[][];
}

/** Makes every path mean one file: DuckDB takes `*`, `?` and `[` for patterns. */
export function literalPath(path: string): string {
  return path.replace(/[*?[]/g, (char) => `[${char}]`);
}

/** `text` as a literal of SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An empty DuckDB in memory. The one place that knows DuckDB; it comes with a native library that may be missing. */
export class Database {
  private readonly connection: DuckDBConnection;
  private readonly selectTypes: ReadonlySet<number>;
  private isLocked = false;

  private constructor(connection: DuckDBConnection, selectTypes: ReadonlySet<number>) {
    this.connection = connection;
    this.selectTypes = selectTypes;
  }

  /** Throws `unsupported` where DuckDB is not installed: in the offline bundle, on systems it has no library for. */
  static async open(): Promise<Database> {
    const { DuckDBInstance, StatementType } = await import('@duckdb/node-api').catch(
      (cause: unknown) => {
        throw new BenchError('unsupported', 'DuckDB, which answers history queries, is not here', {
          hint: 'It is not in the offline bundle: copy the store to a clone with `npm ci` done and ask there.',
          cause,
        });
      },
    );
    // No statement of a store's or a user's may make it fetch code; order costs memory, and queries ask for theirs.
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      preserve_insertion_order: 'false',
    });
    const types = new Set<number>([StatementType.SELECT, StatementType.EXPLAIN]);
    return new Database(await instance.connect(), types);
  }

  /** Runs a statement of ours; `values` fill $1, $2, … Throws DuckDB's errors. */
  async run(sql: string, values: readonly (string | number)[] = []): Promise<SqlTable> {
    const reader = await this.connection.runAndReadAll(sql, [...values]);
    return tableOf(reader.deduplicatedColumnNames(), reader.getRowsJS());
  }

  /**
   * Runs one SELECT or EXPLAIN of the user's, after shutting files, networks, extensions and settings away
   * for good. Throws `usage` for other statements and for what DuckDB refuses.
   */
  async select(sql: string): Promise<SqlTable> {
    await this.lock();
    try {
      const statements = await this.connection.extractStatements(sql);
      if (statements.count !== 1) {
        throw new BenchError('usage', `One statement is expected, not ${statements.count}`);
      }
      const statement = await statements.prepare(0);
      if (!this.selectTypes.has(statement.statementType)) {
        throw new BenchError('usage', 'Records can only be read: SELECT or EXPLAIN is expected');
      }
      const reader = await statement.runAndReadAll();
      return tableOf(reader.deduplicatedColumnNames(), reader.getRowsJS());
    } catch (cause) {
      if (cause instanceof BenchError) throw cause;
      throw new BenchError('usage', `DuckDB cannot answer: ${printable(cause)}`, {
        hint: 'mtok history sql --help lists the columns of records.',
        cause,
      });
    }
  }

  close(): void {
    this.connection.closeSync();
  }

  private async lock(): Promise<void> {
    if (this.isLocked) return;
    await this.connection.run('SET enable_external_access = false');
    await this.connection.run('SET lock_configuration = true');
    this.isLocked = true;
  }
}

/** Messages quote values of records, whose control characters would act on a terminal. */
function printable(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

function tableOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): SqlTable {
  return { columns: [...columns], rows: rows.map((row) => row.map(plainValue)) };
}

function plainValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'boolean':
    case 'string':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      if (value instanceof Date) return value.toISOString();
      if (Array.isArray(value)) return value.map(plainValue);
      if (Object.getPrototypeOf(value) !== Object.prototype) return String(value);
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plainValue(v)]));
    default:
      return String(value);
  }
}
