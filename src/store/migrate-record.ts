import { BenchError } from '../core/errors.ts';
import { RECORD_VERSION } from '../core/record.ts';

type RawRecord = Readonly<Record<string, unknown>>;
/** Makes a record of the next version from one of its own; it need not set `schema`. */
export type Migration = (record: RawRecord) => RawRecord;

/** By the version they start from. Version 1 is the first and the newest. */
const MIGRATIONS: ReadonlyMap<number, Migration> = new Map();

export interface MigrationPath {
  newest: number;
  migrations: ReadonlyMap<number, Migration>;
}

/**
 * A parsed line as a record of the newest version, still unchecked: one of an older version is taken step by
 * step, what has no version is returned as it is. Throws `record` for one of a newer mtok.
 */
export function migrateRecord(
  raw: unknown,
  where: string,
  { newest, migrations }: MigrationPath = { newest: RECORD_VERSION, migrations: MIGRATIONS },
): unknown {
  if (!isVersioned(raw)) return raw;
  if (raw.schema > newest) {
    throw new BenchError(
      'record',
      `${where}: record of schema ${raw.schema}, this mtok reads up to ${newest}`,
      { hint: 'Read it with the newer mtok that wrote it, or give another store.' },
    );
  }
  let record: RawRecord = raw;
  for (let version = raw.schema; version < newest; version++) {
    const migrate = migrations.get(version);
    if (migrate === undefined) return raw; // schema 0 and below never were; the check will say so
    record = { ...migrate(record), schema: version + 1 };
  }
  return record;
}

function isVersioned(raw: unknown): raw is RawRecord & { schema: number } {
  return (
    typeof raw === 'object' &&
    raw !== null &&
    Object.hasOwn(raw, 'schema') &&
    Number.isSafeInteger((raw as { schema: unknown }).schema)
  );
}
