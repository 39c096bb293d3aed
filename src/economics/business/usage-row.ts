import { type CsvRow, csvNumber, csvProblem } from '../files/csv-table.ts';

/** Columns that hold amounts; all others are names to group by. */
export const AMOUNT_COLUMNS = [
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'requests',
  'usd',
  'other_usd',
  'revenue_usd',
] as const;

export type AmountColumn = (typeof AMOUNT_COLUMNS)[number];

/** A row of usage; null: the field is empty or there is no such column. */
export interface UsageRow {
  line: number;
  /** Trimmed text of a column; empty where there is none. */
  name(column: string): string;
  amounts: Readonly<Record<AmountColumn, number | null>>;
  /** YYYY-MM or YYYY-MM-DD; empty where it is not said. */
  period: string;
}

/** Larger amounts are mistakes; sums of them would lose whole tokens. */
const MOST = 1e15;
const PERIOD = /^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$/;

/** Reads rows of one file. The reader throws `usage` with file, line and column for what is no amount or period. */
export function usageRowReader(
  file: string,
  columns: readonly string[],
): (record: readonly string[], line: number) => UsageRow {
  const places = new Map(columns.map((column, i) => [column, i]));
  const periodAt = places.get('period');
  return (record, line) => {
    const textOf = (column: string) => record[places.get(column) ?? -1]?.trim() ?? '';
    const period = periodAt === undefined ? '' : (record[periodAt]?.trim() ?? '');
    const row = (column: string): CsvRow => ({ line, cells: { [column]: textOf(column) } });
    if (period !== '' && !PERIOD.test(period)) {
      throw csvProblem({ file }, row('period'), 'period', 'must be YYYY-MM or YYYY-MM-DD');
    }
    const amount = (column: AmountColumn): number | null => {
      const at = places.get(column);
      const text = at === undefined ? '' : (record[at] ?? '');
      if (text === '') return null;
      // The path of a million rows; whatever it does not take is read, or refused, with care.
      if (/^\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
      return csvNumber({ file }, row(column), column, { max: MOST });
    };
    const amounts = {} as Record<AmountColumn, number | null>;
    for (const column of AMOUNT_COLUMNS) amounts[column] = amount(column);
    return { line, name: textOf, amounts, period };
  };
}
