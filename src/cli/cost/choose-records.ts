import { existsSync } from 'node:fs';
import { BenchError } from '../../core/errors.ts';
import type { BenchRecord } from '../../core/record.ts';
import { readStore, storePath } from '../../store/jsonl.ts';

/** Shorter beginnings of an id name too many records by chance. */
const LEAST_PREFIX = 4;

/**
 * The measured records of a store whose ids begin as given, in the order asked for; `latest` is the last one stored.
 * `asked`: what named them, for messages.
 * Throws `usage` for a prefix that names none or several, `io` and `record` for a store that cannot be read.
 */
export async function chooseRecords(
  ids: readonly string[],
  store: string | null,
  asked = '--record',
): Promise<BenchRecord[]> {
  const { records, path } = await measuredRecords(store);
  return ids.map((id) => chooseRecord(id, records, path, asked));
}

/** The records of a store that hold a measurement. Throws `io` and `record` for a store that cannot be read. */
export async function measuredRecords(
  store: string | null,
): Promise<{ records: BenchRecord[]; path: string }> {
  const path = storePath(store);
  if (!existsSync(path)) {
    throw new BenchError('io', `There is no store at ${path}`, {
      hint: 'Run mtok bench first, or name the folder or .jsonl file that it wrote to with --store.',
    });
  }
  const { records } = await readStore(path);
  return { records: records.filter(({ outcome }) => outcome.status === 'ok'), path };
}

function chooseRecord(
  id: string,
  records: readonly BenchRecord[],
  path: string,
  asked: string,
): BenchRecord {
  const last = records.at(-1);
  if (id === 'latest' && last !== undefined) return last;
  const found =
    id.length < LEAST_PREFIX ? [] : records.filter((record) => record.id.startsWith(id));
  const [record, another] = found;
  if (record !== undefined && another === undefined) return record;
  const shown = JSON.stringify(id.slice(0, 60));
  if (record !== undefined) {
    throw new BenchError('usage', `${asked} ${shown} names ${found.length} records of ${path}`, {
      hint: `Give more of the id: ${found
        .slice(0, 3)
        .map((one) => one.id)
        .join(', ')}.`,
    });
  }
  const some = records.slice(-3).map((one) => one.id);
  throw new BenchError('usage', `${asked} ${shown} names no measured record of ${path}`, {
    hint: some.length === 0 ? 'The store has none.' : `Its last ones: ${some.join(', ')}.`,
  });
}
