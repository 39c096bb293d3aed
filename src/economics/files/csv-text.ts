import { stringify } from 'csv-stringify/sync';

export type CsvValue = string | number | null;

/**
 * Comma separated values with a heading, lines ended by CR LF (RFC 4180). Nulls are empty fields. Text that a
 * spreadsheet would run as a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe in front;
 * numbers stay as they are, negative ones too.
 */
export function csvText<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Record<C, CsvValue>>[],
): string {
  return stringify([...rows], {
    header: true,
    columns: [...columns],
    record_delimiter: '\r\n',
    escape_formulas: true,
  });
}
