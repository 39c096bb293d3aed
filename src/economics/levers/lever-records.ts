import { cellName } from '../../core/cell-name.ts';
import { BenchError } from '../../core/errors.ts';
import type { BenchRecord } from '../../core/record.ts';
import type { UnitFile } from '../task/unit-file.ts';
import { recordRates } from '../tokens/record-rates.ts';
import type { LeverRates } from './apply-lever.ts';
import type { Lever } from './lever.ts';

/** What levers take from records, and what a reader must know about these. */
export interface LeverRecords {
  readonly rates: Readonly<Record<string, LeverRates>>;
  readonly notes: readonly string[];
}

/** Records that levers name, each with the field of the file that does. */
export function recordsNamed(levers: readonly Lever[]): { path: readonly string[]; id: string }[] {
  return levers.flatMap((lever, i) => {
    if (!('change' in lever) || lever.change.kind !== 'records') return [];
    const { record, fromRecord } = lever.change;
    const after = { path: ['levers', `${i}`, 'record'], id: record };
    return fromRecord === null
      ? [after]
      : [after, { path: ['levers', `${i}`, 'fromRecord'], id: fromRecord }];
  });
}

/** Where records are looked up; both throw for what they do not have. */
export interface LeverRecordSources {
  /** Of a model of the file that is priced by a record. */
  ofModel: (model: string) => BenchRecord;
  byId: (id: string) => BenchRecord;
}

/**
 * The rates before and after each lever that names records. Throws what its sources do, and `usage` for a lever on a
 * model that has no record to start from.
 */
export function leverRecords(
  { models, levers }: Pick<UnitFile, 'models' | 'levers'>,
  { ofModel, byId }: LeverRecordSources,
): LeverRecords {
  const rates: Record<string, LeverRates> = {};
  const notes: string[] = [];
  for (const lever of levers) {
    if (!('change' in lever) || lever.change.kind !== 'records') continue;
    const { record, fromRecord } = lever.change;
    if (fromRecord === null && models[lever.model]?.kind !== 'record') {
      throw new BenchError(
        'usage',
        `levers.${lever.name} needs fromRecord: the model ${lever.model} is no record to start from`,
        { hint: 'Name the record that was measured before, of the same run and device.' },
      );
    }
    const before = fromRecord === null ? ofModel(lever.model) : byId(fromRecord);
    const after = byId(record);
    rates[lever.name] = {
      from: fromRecord === null ? null : recordRates(before),
      to: recordRates(after),
    };
    notes.push(...pairNotes(lever.name, before, after));
  }
  return { rates, notes };
}

/** Flag of records whose launches scatter too much for a ranking. */
const UNRANKED = 'do-not-rank';

/** What differs between two records beside what the lever is about, and makes their ratio say something else. */
function pairNotes(name: string, before: BenchRecord, after: BenchRecord): string[] {
  const device = ({ device }: BenchRecord) => device?.name ?? 'an unknown device';
  const notes = [
    `${name}: measured, ${cellName(before.cell)} to ${cellName(after.cell)} on ${device(after)}`,
  ];
  if (device(before) !== device(after)) {
    notes.push(`${name}: its records are of two devices, ${device(before)} and ${device(after)}`);
  } else if (before.run !== after.run) {
    notes.push(`${name}: its records are of two runs; what changed in between is in the factor`);
  }
  const shaky = [before, after].filter(({ flags }) => flags.some(({ code }) => code === UNRANKED));
  if (shaky.length > 0) {
    const ids = shaky.map(({ id }) => id).join(' and ');
    notes.push(`${name}: launches of ${ids} scatter so much that its figures rank nothing`);
  }
  if (before.cell.model !== after.cell.model) {
    notes.push(`${name}: its records are of ${before.cell.model} and ${after.cell.model}`);
  }
  return notes;
}
