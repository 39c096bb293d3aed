import type { Command } from 'commander';
import type { CostScenarioArguments } from './scenario-options.ts';

const EXAMPLES = `
Changes are 10x/year (a tenth of the price, ten times the demand), -40%/year, +300%/year (four times), 3% per month or
280x in 2 years, each also as a range: 2x..10x/year. Several with commas between them make a grid. Amounts are for a
year, or 80000/month, 700000/day, 8.7e9/273 days; years have 365 days.

Examples:
  mtok cost scenario --spend 1000000 --price-decline 10x/year --demand-growth +300%/year --years 3
  mtok cost scenario --spend 1000000 --price-decline 2x,10x --demand-growth 100%,300%,900% --claim-spend rises
  mtok cost scenario --spend 11.5e9 --spend-after 37e9 --years 1 --price-decline 10x/year
  mtok cost scenario --mtok 1000/month --input-price 3 --output-price 15 --price-decline 2x --demand-growth 50%
  mtok cost scenario scenarios.yaml

The first falls from $1,000,000 to $64,000 a year: each year prices fall to 0.1 and demand grows to 4, spend is x 0.4
(-60 %), and would be flat only at +900 % demand. The third finds the volume behind a bill that went x 3.22: x 32.2.

A file of scenarios:
  spend: 1000000/year
  over: 3 years
  scenarios:
    - { name: steep, priceDecline: 10x/year, demandGrowth: +300%/year }
    - { name: slow, priceDecline: 10x in 3 years, demandGrowth: 50%..150%/year }`;

/** `mtok cost scenario`: what falling prices and growing demand make of a bill. */
export function addCostScenario(cost: Command): void {
  cost
    .command('scenario')
    .summary('spend over time where prices fall and demand grows')
    .description(
      'Spend over years or months for changes of price and demand, and where it breaks even.',
    )
    .argument('[file]', 'YAML file of named scenarios')
    .option('--spend <usd>', 'spend at the start, of a year unless a period is said')
    .option(
      '--mtok <tokens>',
      'million tokens a year or another period, in place of --spend; with prices',
    )
    .option('--input-price <usd>', 'USD per million input tokens')
    .option('--output-price <usd>', 'USD per million output tokens')
    .option('--blend <in:out>', 'mix of input and output tokens in --mtok', '3:1')
    .option('--price-decline <list>', 'how prices fall')
    .option('--demand-growth <list>', 'how the volume of tokens grows')
    .option(
      '--spend-after <usd>',
      'spend at the end, in place of one of the two changes, which it implies',
    )
    .option('--years <number>', 'how far to look, year by year (default: 3)')
    .option('--months <number>', 'how far to look, month by month')
    .option('--claim-spend <direction>', 'rises or falls: say whether each scenario agrees')
    .option('--details', 'a table over time for every scenario, however many')
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: CostScenarioArguments) => {
      const { costScenarioCommand } = await import('./scenario-command.ts');
      process.exitCode = await costScenarioCommand(file ?? null, options);
    });
}
