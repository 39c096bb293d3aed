import type { z } from 'zod';
import { errorCode, storeError } from './append-line.ts';
import type { StoreProblem } from './jsonl.ts';
import { MAX_LINE_BYTES, readLines } from './lines.ts';

/**
 * What lies beside a store's records, a line each, oldest first; none where there is no such file. What is no `kind`
 * record is reported and passed over. Throws `io` when the file cannot be read.
 */
export async function readSideRecords<T>(
  path: string,
  schema: z.ZodType<T>,
  kind: string,
): Promise<{ records: T[]; problems: StoreProblem[] }> {
  const records: T[] = [];
  const problems: StoreProblem[] = [];
  try {
    for await (const { number, text, isTorn } of readLines(path, MAX_LINE_BYTES)) {
      if (text !== null && text.trim() === '') continue;
      const record = text === null ? null : parse(text, schema);
      if (record !== null) records.push(record);
      else problems.push({ path, line: number, reason: `no ${kind} record`, isTorn });
    }
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return { records, problems };
    throw storeError('read', path, cause);
  }
  return { records, problems };
}

function parse<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not JSON
  }
}
