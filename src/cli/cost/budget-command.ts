import { basename } from 'node:path';
import { MAX_CSV_CHARACTERS } from '../../economics/files/csv-table.ts';
import { budgetResult, isOverBy } from '../../economics/scenario/budget.ts';
import { readBudget, type WholeBudget } from '../../economics/scenario/budget-file.ts';
import { budgetJson, type ShownBudget } from '../../report/cost/budget-json.ts';
import { renderBudget } from '../../report/cost/budget-text.ts';
import { EXIT, usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import { parseShare } from './quantity-option.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';

/** Options of `mtok cost budget` as typed. */
export interface CostBudgetArguments {
  budget?: string;
  periods?: string;
  failOver?: string;
  last?: string;
  json?: true;
}

const FILE_RULE = { what: 'a CSV file of budgets and actuals', maxBytes: MAX_CSV_CHARACTERS };
const DEFAULT_LAST = 24;

/** Runs `mtok cost budget`. Throws `usage` for options and files that are wrong, `io` for one that cannot be read. */
export async function costBudgetCommand(path: string, argv: CostBudgetArguments): Promise<number> {
  const whole = wholeBudget(argv);
  const limit = parseLimit(argv.failOver);
  const last = parseInteger(argv.last, { option: '--last', min: 1, max: 1e6 });
  const title = basename(path);
  const series = readBudget(await readTextFile(path, FILE_RULE), title, whole);
  if (series.spent.length === 0) {
    throw usageError(`${title} has no period with an actual_usd`, 'One that is over is needed.');
  }
  const result = budgetResult(series);
  const isOver = limit !== null && isOverBy(limit, result);
  const shown: ShownBudget = {
    title,
    result:
      argv.json && last !== null ? { ...result, periods: result.periods.slice(-last) } : result,
    hasUnits: series.spent.some(({ lines }) =>
      lines.some(({ budgetUnits, actualUnits }) => budgetUnits !== null && actualUnits !== null),
    ),
    failOver: limit === null ? null : { share: limit, isOver },
  };
  process.stdout.write(
    resultText(
      argv,
      () => budgetJson(shown),
      () => renderBudget(shown, last ?? DEFAULT_LAST),
    ),
  );
  return isOver ? EXIT.regression : EXIT.ok;
}

function wholeBudget({ budget, periods }: CostBudgetArguments): WholeBudget | null {
  const usd = parseDecimal(budget, { option: '--budget', min: 0, max: 1e15 });
  const count = parseInteger(periods, { option: '--periods', min: 1, max: 10_000 });
  if (usd === null && count === null) return null;
  if (usd !== null && count !== null) return { usd, periods: count };
  throw usageError(
    `--budget and --periods go together, got only ${usd === null ? '--periods' : '--budget'}`,
    'Such as --budget 30000 --periods 30 for a month of daily rows.',
  );
}

function parseLimit(text: string | undefined): number | null {
  const limit = parseShare(text, { option: '--fail-over', min: 0, max: 100 });
  if (limit === null) return null;
  if (limit.low !== null) throw usageError('--fail-over got a range, expected one share, as 10%');
  return limit.value;
}
