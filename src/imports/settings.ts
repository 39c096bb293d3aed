import type { ImportedRun } from '../core/import-record.ts';
import { label, malformed, printable, readAs } from './fields.ts';

const MAX_SETTINGS = 200;

/**
 * Every name with a plain value among a file's fields, except those that have a place of their own. Empty texts
 * and nulls say nothing and are left out. Throws `record` for names or texts that no tool writes.
 */
export function settingsOf(
  fields: Readonly<Record<string, unknown>>,
  used: (name: string) => boolean,
  where: string,
): ImportedRun['settings'] {
  const entries: [string, string | number | boolean][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (used(name)) continue;
    if (!/^[\w.:%/ -]{1,60}$/.test(name)) {
      throw malformed(`${where}: a field is called ${JSON.stringify(printable(name))}`);
    }
    if (name === '__proto__' || value === '') continue;
    if (typeof value === 'string') entries.push([name, readAs(label, value, `${where}: ${name}`)]);
    else if (typeof value === 'boolean' || Number.isFinite(value)) {
      entries.push([name, value as number | boolean]);
    }
  }
  if (entries.length > MAX_SETTINGS) {
    throw malformed(`${where} has ${entries.length} settings, expected up to ${MAX_SETTINGS}`);
  }
  return Object.fromEntries(entries);
}
