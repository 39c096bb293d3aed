import { BenchError } from '../../core/errors.ts';
import {
  type CsvRow,
  type CsvTable,
  csvNumber,
  csvProblem,
  csvRequiredNumber,
  readCsv,
} from '../files/csv-table.ts';

/** Part of a period that was budgeted on its own: a model, a team, a product. */
export interface BudgetLine {
  name: string;
  budgetUsd: number;
  actualUsd: number;
  /** What the dollars buy: tokens, requests; null where it is not said. */
  budgetUnits: number | null;
  actualUnits: number | null;
}

/** A period that is over. */
export interface SpentPeriod {
  period: string;
  lines: readonly BudgetLine[];
}

/** Periods of one budget, in order: those that are over, then those to come. */
export interface BudgetSeries {
  spent: readonly SpentPeriod[];
  open: readonly { period: string; budgetUsd: number }[];
}

/** A budget for all periods together, where rows have none. */
export interface WholeBudget {
  usd: number;
  periods: number;
}

const MOST_ROWS = 10_000;
const PERIOD = /^\d{4}(?:-Q[1-4]|-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$/;

interface Row {
  row: CsvRow;
  period: string;
  line: Omit<BudgetLine, 'actualUsd'> & { actualUsd: number | null };
}

/**
 * Reads budgets and what was spent: columns period (2026, 2026-Q1, 2026-01 or 2026-01-31, all alike), budget_usd,
 * actual_usd and, where they are there, line, budget_units and actual_units. Rows with an empty actual_usd are to
 * come. With `whole` there is no budget_usd: the budget is spread evenly over its periods. Throws `usage` with file
 * and line.
 */
export function readBudget(text: string, file: string, whole: WholeBudget | null): BudgetSeries {
  const table = readCsv(text, file, ['period', 'actual_usd', ...(whole ? [] : ['budget_usd'])]);
  if (whole !== null && table.columns.includes('budget_usd')) {
    throw new BenchError(
      'usage',
      `${file}:1: has a budget_usd, and a budget for the whole is given`,
    );
  }
  if (table.rows.length > MOST_ROWS) {
    throw new BenchError(
      'usage',
      `${file} has ${table.rows.length} rows, expected at most ${MOST_ROWS}`,
    );
  }
  const byPeriod = new Map<string, Row[]>();
  for (const row of table.rows) {
    const read = readRow(table, row, whole !== null);
    const others = byPeriod.get(read.period);
    if (others === undefined) byPeriod.set(read.period, [read]);
    else addLine(table, others, read);
  }
  const periods = [...byPeriod].sort(([a], [b]) => (a < b ? -1 : 1));
  assertAlike(table, periods);
  const series = split(table, periods);
  return whole === null ? series : spread(table, series, whole);
}

function readRow(table: CsvTable, row: CsvRow, isWhole: boolean): Row {
  const period = row.cells.period ?? '';
  if (!PERIOD.test(period)) {
    throw csvProblem(table, row, 'period', 'must be as 2026, 2026-Q1, 2026-01 or 2026-01-31');
  }
  return {
    row,
    period,
    line: {
      name: row.cells.line ?? '',
      budgetUsd: isWhole ? 0 : csvRequiredNumber(table, row, 'budget_usd'),
      actualUsd: csvNumber(table, row, 'actual_usd'),
      budgetUnits: csvNumber(table, row, 'budget_units'),
      actualUnits: csvNumber(table, row, 'actual_units'),
    },
  };
}

function addLine(table: CsvTable, others: Row[], read: Row): void {
  const same = others.find(({ line }) => line.name === read.line.name);
  if (same !== undefined) {
    const column = table.columns.includes('line') ? 'line' : 'period';
    throw csvProblem(table, read.row, column, `is that of line ${same.row.line} again`);
  }
  const [first] = others;
  if (first !== undefined && (first.line.actualUsd === null) !== (read.line.actualUsd === null)) {
    throw csvProblem(
      table,
      read.row,
      'actual_usd',
      `must be there for all lines of ${read.period} or for none`,
    );
  }
  others.push(read);
}

type Periods = readonly (readonly [string, readonly Row[]])[];

/** Days beside months would not be in the order of time. */
function assertAlike(table: CsvTable, periods: Periods): void {
  const [first] = periods;
  for (const [period, [read]] of periods) {
    if (read === undefined || first === undefined || period.length === first[0].length) continue;
    throw csvProblem(table, read.row, 'period', `must be of the same length as ${first[0]}`);
  }
}

function split(table: CsvTable, periods: Periods): BudgetSeries {
  const firstOpen = periods.findIndex(([, rows]) => rows[0]?.line.actualUsd === null);
  const count = firstOpen === -1 ? periods.length : firstOpen;
  const late = periods.slice(count).find(([, rows]) => rows[0]?.line.actualUsd !== null);
  const gap = periods[count]?.[1][0];
  if (late !== undefined && gap !== undefined) {
    throw csvProblem(table, gap.row, 'actual_usd', `is needed, since ${late[0]} has one`);
  }
  return {
    spent: periods.slice(0, count).map(([period, rows]) => ({
      period,
      lines: rows.flatMap(({ line }) =>
        line.actualUsd === null ? [] : [{ ...line, actualUsd: line.actualUsd }],
      ),
    })),
    open: periods.slice(count).map(([period, rows]) => ({
      period,
      budgetUsd: rows.reduce((sum, { line }) => sum + line.budgetUsd, 0),
    })),
  };
}

function spread(
  { file }: CsvTable,
  { spent, open }: BudgetSeries,
  { usd, periods }: WholeBudget,
): BudgetSeries {
  const known = spent.length + open.length;
  if (known > periods) {
    throw new BenchError('usage', `${file} has ${known} periods, the budget is for ${periods}`);
  }
  const share = usd / periods;
  const unnamed = Array.from({ length: periods - known }, (_, i) => ({
    period: `${known + i + 1} of ${periods}`,
    budgetUsd: share,
  }));
  return {
    // One line takes the whole share: what a part of it was meant to cost is not known.
    spent: spent.map(({ period, lines }) => ({
      period,
      lines: [
        {
          name: '',
          budgetUsd: share,
          actualUsd: lines.reduce((sum, { actualUsd }) => sum + actualUsd, 0),
          budgetUnits: null,
          actualUnits: null,
        },
      ],
    })),
    open: [...open.map(({ period }) => ({ period, budgetUsd: share })), ...unnamed],
  };
}
