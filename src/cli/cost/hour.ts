import { type Command, Option } from 'commander';
import { HOUR_FIGURES, HOUR_KINDS } from './hour-figures.ts';
import type { CostHourArguments } from './hour-options.ts';
import { GPU_OPTION, PRICES_OPTION } from './prices-option.ts';

const EXAMPLES = `
Kinds of hour:
  rented     all-in: power and hosting are in the rent and are never added to it
  spot       with what preemptions waste, a mix with on-demand GPUs and spare ones
  committed  hours that are paid used or not, with what was unused on a line of its own
  owned      purchase, hosting, software and power; with --rent-price, when buying pays
  edge       a phone or PC that makes tokens for one person some hours a day
  energy     joules and electricity of a token, from a record's power or from --power-kw

Examples:
  mtok cost hour owned --capex 320000 --gpus 8 --years 4 --hosting-per-year 3000 --software-per-year 4500
  mtok cost hour owned --capex 35000 --years 4 --interest 10% --power-kw 0.7 --pue 1.3 --tariff 0.08
  mtok cost hour owned --capex 35000 --years 4 --rent-price 2.85..3.50 --as-price "H100 own" > prices.yaml
  mtok cost hour spot --price 1.25 --on-demand-price 2.95 --preemptions-per-hour 0.06 --reload-minutes 4 \\
      --lost-minutes 2 --spot-share 80%
  mtok cost hour rented --price 1.74 --power-kw 1.73 --input-tps 1000 --output-tps 4000
  mtok cost hour rented --gpu H100
  mtok cost hour energy --record latest --pue 1.3 --tariff 0.08

The first is $1.25 a GPU-hour: $1.14 for the purchase, $0.0428 hosting and $0.0642 software. Give the result to other
commands as --gpu-price; how busy the GPU is goes into their --utilization.

Figures may be given as 2.85, as 2.85..3.50 (anything between), or as 3.00@2.85..3.50 (a 95 % interval).`;

/** `mtok cost hour`: what an hour of a GPU costs, item by item. */
export function addCostHour(cost: Command): void {
  const command = cost
    .command('hour')
    .summary('what an hour of a rented, spot, committed or owned GPU costs')
    .description('What an hour of a GPU costs, item by item, and what its tokens cost in energy.')
    .argument('<kind>', HOUR_KINDS.join(', '))
    .option('--gpus <number>', 'that the purchase or the rates are of', '1');
  for (const { flag, kinds, help } of Object.values(HOUR_FIGURES)) {
    command.addOption(new Option(flag, `${help} [${kinds.join(', ')}]`));
  }
  command
    .option(GPU_OPTION[0], `${GPU_OPTION[1]}, in place of --price [rented, spot]`)
    .option(...PRICES_OPTION, (path: string, paths: string[] = []) => [...paths, path])
    .option('--record <id>', 'energy of this record: its id or its beginning, or latest [energy]')
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option('--as-price <name>', 'print a price-book entry (YAML) of this name [owned, edge]')
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (kind: string, options: CostHourArguments) => {
      const { costHourCommand } = await import('./hour-command.ts');
      process.exitCode = await costHourCommand(kind, options);
    });
}
