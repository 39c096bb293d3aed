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

/**
 * The rates before and after each lever that names records. `record` finds one by its id, `key` is for its messages;
 * throws what it throws, and `usage` for a lever on a model that no record is known of.
 */
export function leverRecords(
  { models }: Pick<UnitFile, 'models'>,
  levers: readonly Lever[],
  record: (id: string, key: string) => BenchRecord,
): LeverRecords {
  const rates: Record<string, LeverRates> = {};
  const notes: string[] = [];
  for (const lever of levers) {
    if (!('change' in lever) || lever.change.kind !== 'records') continue;
    const key = `levers.${lever.name}`;
    const after = record(lever.change.record, `${key}.record`);
    const { fromRecord } = lever.change;
    const model = models[lever.model];
    if (fromRecord === null && model?.kind !== 'record') {
      throw new BenchError(
        'usage',
        `${key}.fromRecord is needed: the model ${lever.model} is no record to start from`,
        { hint: 'Name the record that was measured before, of the same run and device.' },
      );
    }
    const own = model?.kind === 'record' ? model.record : '';
    const before = record(fromRecord ?? own, `${key}.fromRecord`);
    rates[lever.name] = {
      from: fromRecord === null ? null : recordRates(before),
      to: recordRates(after),
    };
    notes.push(...pairNotes(lever.name, before, after));
  }
  return { rates, notes };
}

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
  if (before.cell.model !== after.cell.model) {
    notes.push(`${name}: its records are of ${before.cell.model} and ${after.cell.model}`);
  }
  return notes;
}
