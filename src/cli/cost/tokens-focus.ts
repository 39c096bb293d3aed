import { cellName } from '../../core/cell-name.ts';
import { focusCsv, focusRows } from '../../economics/focus/focus-rows.ts';
import { monthCharges } from '../../economics/focus/month-charges.ts';
import { monthPeriod } from '../../economics/focus/period.ts';
import { usageError } from '../failure.ts';
import { writeTextFile } from '../output.ts';
import { requestsPerMonth } from './tokens-extras.ts';
import type { CostSubject, CostTokensArguments } from './tokens-options.ts';

/**
 * Writes the charges of a month for every subject to the file that --focus names, all or none; nothing without it.
 * Throws `usage` for an unknown price or another month than YYYY-MM, `io` for a file that cannot be written.
 */
export async function writeTokensFocus(
  argv: CostTokensArguments,
  subjects: readonly CostSubject[],
  seed: number,
): Promise<void> {
  const { focus, month } = argv;
  if (focus === undefined) {
    if (month === undefined) return;
    throw usageError('--month names the month of FOCUS charges', 'Give a file with --focus.');
  }
  const charges = subjects.flatMap(({ record, inputs }) => {
    const day = record?.createdAt ?? new Date().toISOString();
    const name = record === null ? 'Model at given rates' : cellName(record.cell);
    const tags: Record<string, string> =
      record === null
        ? {}
        : { model: record.cell.model, backend: record.cell.backend, host: record.cell.host };
    return monthCharges(
      {
        inputs,
        requestsPerMonth: requestsPerMonth(argv),
        period: monthPeriod(month ?? day.slice(0, 7)),
        name,
        id: `mtok/${record?.id ?? 'given-rates'}`,
        gpu: record?.cost?.price.gpu ?? record?.device?.name ?? 'GPU',
        runId: record?.id ?? null,
        tags,
      },
      { seed },
    );
  });
  await writeTextFile(focus, focusCsv(focusRows(charges)));
}
