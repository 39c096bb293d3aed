import type { Command } from 'commander';
import type { CostBudgetArguments } from './budget-command.ts';

const EXAMPLES = `
The file has columns period (2026-01, 2026-01-31, 2026-Q1 or 2026), budget_usd, actual_usd and, if wanted, line (a
model, a team), budget_units and actual_units (tokens, requests). Periods with an empty actual_usd are to come.

With units the variance falls into price (units cost other than budgeted), volume (more or fewer, at the budgeted mean
price) and mix (more of what costs more); they sum to it. Run rate and trend have 95 % prediction intervals.

Examples:
  mtok cost budget actuals.csv --fail-over 10%
  mtok cost budget days.csv --budget 30000 --periods 30

With actuals.csv
  period,line,budget_usd,actual_usd,budget_units,actual_units
  2026-01,small,1000,1100,1000,1100
  2026-01,large,3000,4050,300,390
  2026-02,small,1000,,1000,
  2026-02,large,3000,,300,
January is $1,150 over its $4,000 (+28.75 %): price +$150, volume +$584.62, mix +$415.38; at the run rate February ends
at $10,300 of $8,000. Exit code 3 with --fail-over where spend to date is over its budget by more than the share, or
the end is, even at the lower bound of the run rate.`;

/** `mtok cost budget`: actual against budget, why they differ, and where it ends. */
export function addCostBudget(cost: Command): void {
  cost
    .command('budget')
    .summary('spend against budget, why it differs, and the forecast')
    .description(
      'Variance of each period by price, volume and mix, a forecast of the end, and an early alert.',
    )
    .argument('<file>', 'CSV file of budgets and actuals')
    .option('--budget <usd>', 'for all periods together, in place of a column budget_usd')
    .option('--periods <number>', 'how many periods --budget is for')
    .option('--fail-over <share>', 'exit with 3 where spend is over budget by more, as 10%')
    .option('--last <periods>', 'newest periods to show (default: 24; with --json all)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: CostBudgetArguments) => {
      const { costBudgetCommand } = await import('./budget-command.ts');
      process.exitCode = await costBudgetCommand(file, options);
    });
}
