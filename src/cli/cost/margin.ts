import type { Command } from 'commander';
import type { CostMarginArguments } from './margin-options.ts';
import { PRICES_OPTION } from './prices-option.ts';

const EXAMPLES = `
Examples:
  mtok cost margin usage.csv --by plan --input-usd-per-mtok 3 --output-usd-per-mtok 15
  mtok cost margin usage.csv --by plan,customer --plans plans.yaml --target-margin 50%,60%,80%
  mtok cost margin usage.csv --by feature --cache-tokens inclusive --csv margins.csv

A customer on a $29 plan with $44 of usage has a gross margin of -$15, -51.72 % of revenue. For 50 %, 60 % or 80 %
the plan would have to cost $88, $110 or $220, or usage to fall by 67.05 %, 73.64 % or 86.82 %.

Columns of the usage, all optional but tokens or usd: input_tokens, output_tokens, cached_input_tokens,
cache_write_tokens, requests, model, period (YYYY-MM or YYYY-MM-DD), usd (what the row cost, where it is known),
other_usd (what it cost beside tokens), revenue_usd; customer, plan, feature, team and any others to group by.
A plans file gives what a customer pays, once a month with a row:  plans: { pro: { usd_per_month: 29 } }

A row costs its usd; else its tokens at the price of its model in --model-price, at --input-usd-per-mtok and
--output-usd-per-mtok, or at the price that the book has on the first day of its period, for a prompt of
input tokens / requests where long ones are dearer. A row without a price makes the cost of its group unknown, never
less: what is known of it is shown as "≥".`;

/** `mtok cost margin`: gross margins of plans, customers, features and teams from their usage. */
export function addCostMargin(cost: Command): void {
  cost
    .command('margin')
    .argument('<usage.csv>', 'rows of usage with names to group by')
    .summary('what plans, customers, features and teams earn after their usage')
    .description('Revenue less the cost of usage, by group; and what would reach a target margin.')
    .option(
      '--by <columns>',
      'group by these columns, such as plan,customer (default: plan, or customer)',
    )
    .option('--plans <file>', 'YAML with the price of each plan a month')
    .option('--input-usd-per-mtok <usd>', 'price of a million input tokens, for every model')
    .option('--output-usd-per-mtok <usd>', 'price of a million output tokens, for every model')
    .option('--cached-usd-per-mtok <usd>', 'price of a million input tokens read from a cache')
    .option(
      '--model-price <model=in/out[/cached]>',
      'USD per million tokens of one model of the usage; repeatable',
      collect,
    )
    .option(...PRICES_OPTION, collect)
    .option('--day <date>', 'prices of this day for rows without a period (default: today)')
    .option(
      '--cache-tokens <convention>',
      'whether input_tokens holds cache tokens: inclusive or exclusive',
    )
    .option('--target-margin <shares>', 'gross margins to reach', '50%,60%,80%')
    .option('--posted-usd-per-request <usd>', 'compare the cost of a request to this one')
    .option('--idle-usd <usd>', 'cost of shared GPUs that nobody used, put on the groups')
    .option('--idle-share <rule>', 'weighted by cost, or even', 'weighted')
    .option('--cloud-usd <usd>', 'whole cloud bill, for the Cloud Efficiency Rate (default: COGS)')
    .option('--cer-before <share>', 'an earlier Cloud Efficiency Rate, to say how it moved')
    .option('--top <groups>', 'groups in the text', '20')
    .option('--csv <file>', 'write all groups as CSV')
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON, of the first 50,000 groups')
    .addHelpText('after', EXAMPLES)
    .action(async (usage: string, options: CostMarginArguments) => {
      const { costMarginCommand } = await import('./margin-command.ts');
      process.exitCode = await costMarginCommand(usage, options);
    });
}

function collect(text: string, texts: string[] = []): string[] {
  return [...texts, text];
}
