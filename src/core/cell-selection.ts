import { cellIdentityOf, IDENTITY_KEYS, type IdentityKey } from './cell-identity.ts';
import { BenchError } from './errors.ts';
import { shorten } from './number-list.ts';
import type { BenchRecord } from './record.ts';

/** Keys that select records without being part of a cell's identity. */
const RUN_KEYS = ['run', 'commit', 'mtok'] as const;
type RunKey = (typeof RUN_KEYS)[number];
export type SelectionKey = IdentityKey | RunKey;
const SELECTION_KEYS: readonly SelectionKey[] = [...IDENTITY_KEYS, ...RUN_KEYS];
/** Other words for the same. */
const ALIASES: Readonly<Record<string, SelectionKey>> = { variant: 'weights' };

/** Which records make one side of a comparison. */
export type Selection = ReadonlyMap<SelectionKey, string>;

/** `backend=wgsl,kv=f16`; a comma ends a value only where another key follows. Throws `usage`. */
export function parseSelection(option: string, text: string): Selection {
  const selection = new Map<SelectionKey, string>();
  for (const part of text.split(/,(?=[a-z]+=)/)) {
    const [name = '', ...rest] = part.split('=');
    const value = rest.join('=').trim();
    const key = SELECTION_KEYS.find((known) => known === (ALIASES[name.trim()] ?? name.trim()));
    if (key === undefined || value === '') {
      throw new BenchError(
        'usage',
        `${option} got ${JSON.stringify(shorten(part))}, expected key=value`,
        {
          hint: `Keys: ${SELECTION_KEYS.join(', ')}. Example: ${option} backend=wgsl,weights=int4`,
        },
      );
    }
    selection.set(key, value);
  }
  return selection;
}

/** The keys whose differences a user allows: `driver,device`. Throws `usage`. */
export function parseAllowed(option: string, text: string): IdentityKey[] {
  return text.split(',').map((name) => {
    const wanted = ALIASES[name.trim()] ?? name.trim();
    const key = IDENTITY_KEYS.find((known) => known === wanted);
    if (key !== undefined) return key;
    throw new BenchError('usage', `${option} got ${JSON.stringify(shorten(name))}`, {
      hint: `Of: ${IDENTITY_KEYS.join(', ')}.`,
    });
  });
}

/** The keys of a cell that both selections name, each with a value of its own: what is compared. */
export function comparedKeys(a: Selection, b: Selection): IdentityKey[] {
  return IDENTITY_KEYS.filter((key) => a.has(key) && b.has(key) && a.get(key) !== b.get(key));
}

/** A selection as it would be typed. */
export function selectionText(selection: Selection): string {
  return [...selection].map(([key, value]) => `${key}=${value}`).join(',');
}

/** Records of a selection, in their order; `run=latest` is the run that was stored last. */
export function selectRecords(
  records: readonly BenchRecord[],
  selection: Selection,
): BenchRecord[] {
  const latest = records.at(-1)?.run;
  return records.filter((record) => {
    for (const [key, wanted] of selection) if (!matches(record, key, wanted, latest)) return false;
    return true;
  });
}

/** Words are matched whole, names of models and devices by a part, runs and commits by their beginning. */
function matches(
  record: BenchRecord,
  key: SelectionKey,
  wanted: string,
  latestRun: string | undefined,
): boolean {
  const contains = (text: string) => text.toLowerCase().includes(wanted.toLowerCase());
  switch (key) {
    case 'run':
      return wanted === 'latest' ? record.run === latestRun : record.run.startsWith(wanted);
    case 'commit':
    case 'mtok':
      return `${record.provenance[key] ?? ''}`.startsWith(wanted);
    case 'model':
      return contains(record.cell.model) || (record.modelSha256 ?? '').startsWith(wanted);
    case 'device':
    case 'driver':
    case 'engine':
    case 'machine':
      return contains(cellIdentityOf(record)[key]);
    default:
      return cellIdentityOf(record)[key] === wanted;
  }
}
