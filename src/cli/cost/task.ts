import type { Command } from 'commander';
import { DAY_OPTION, PRICES_OPTION } from './prices-option.ts';
import type { CostTaskArguments } from './task-options.ts';

const EXAMPLES = `
Examples:
  mtok cost task --example > ticket.yaml
  mtok cost task ticket.yaml
  mtok cost task ticket.yaml --store results --prices our-prices.yaml --json

A file in short:
  unit: answer
  models:
    large: { inputUsdPerMtok: 3, outputUsdPerMtok: 15 }
  steps:
    - { kind: llm, model: large, turns: 10, systemTokens: 1000, userTokens: 200, answerTokens: 300 }

It costs $0.148: ten turns that each send all that was said before take 34500 tokens in and 3000 out.

Two kinds of spread, kept apart: units differ from one another (2..5 calls, retries), which percentiles of single units
show; and prices and rates are not known exactly (2.85..3.50), which gives the average its 95 % interval.

levers: in the file (a shorter context, caches, quantisation, a smaller model …) are each priced on a resolved unit,
alone, stacked and all at once; --example shows them.`;

/** `mtok cost task`: dollars of one unit of work. */
export function addCostTask(cost: Command): void {
  cost
    .command('task')
    .summary('what a unit of work costs: a conversation, a resolved ticket')
    .description('The cost of one unit of AI work, from a YAML file of its steps.')
    .argument('[file]', 'YAML file of a unit')
    .option('--example', 'print a file with comments to start from')
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option(...PRICES_OPTION, collect)
    .option(...DAY_OPTION)
    .option('--draws <number>', 'units to simulate, and draws behind intervals', '10000')
    .option('--seed <number>', 'of the draws (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: CostTaskArguments) => {
      const { costTaskCommand } = await import('./task-command.ts');
      process.exitCode = await costTaskCommand(file ?? null, options);
    });
}

function collect(path: string, paths: string[] = []): string[] {
  return [...paths, path];
}
