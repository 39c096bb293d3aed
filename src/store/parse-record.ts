import { type BenchRecord, recordSchema } from '../core/record.ts';
import { migrateRecord } from './migrate-record.ts';

/** Records nest 5 deep; what nests deeper is none. */
const MAX_DEPTH = 16;

/** A record, or the reason why the text is none. Throws `record` for a record of a newer mtok. */
export function parseRecord(text: string, where: string): BenchRecord | { reason: string } {
  if (depthOf(text) > MAX_DEPTH) return { reason: `nested deeper than ${MAX_DEPTH} levels` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'not JSON' };
  }
  const parsed = recordSchema.safeParse(migrateRecord(value, where));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  return { reason: `no record: ${path === '' ? '' : `${path}: `}${issue?.message ?? 'malformed'}` };
}

/** Deepest nesting of brackets outside strings, found without recursion. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (isInString) {
      if (char === '\\') i += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
