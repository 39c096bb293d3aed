import type { Command } from 'commander';
import type { CostDriftArguments } from './drift-options.ts';

const EXAMPLES = `
A file has columns date, usd_per_hour, tokens_per_second and, if wanted, utilization (0.4) and tokens_per_unit; each
may have its noise beside it: tokens_per_second_low and _high (a 95 % interval) or tokens_per_second_cv (0.03). With
records the noise is that of their intervals or, where larger, of mtok noise's A/A floor stored beside them.

Two alarms, each with a chance of 2.5 % to go off anywhere in a series without drift: a point whose cost differs from
the baseline by more than z standard deviations of both, and a moving average (EWMA, weight 0.2) that leaves its own
limits, for drift too slow to show in a point. Noise between sessions can be larger than what one session shows.

Examples:
  mtok cost drift costs.csv
  mtok cost drift costs.csv --baseline 5 --since 2026-03-01 --fail-on-drift
  mtok cost drift --record latest --gpu-price 2.85 --fail-on-drift any

With costs.csv
  date,usd_per_hour,tokens_per_second,tokens_per_second_cv
  2026-01-01,2.85,2000,0.01
  2026-02-01,2.85,2010,0.01
  2026-03-01,2.85,1800,0.01
a million tokens cost $0.396, then $0.394, then $0.440: +11.1 %, beyond the 3.60 % that noise allows, because of the throughput.
Exit code 3 with --fail-on-drift where an alarm holds for the newest point.`;

/** `mtok cost drift`: unit cost over time, against the noise of what it is made of. */
export function addCostDrift(cost: Command): void {
  cost
    .command('drift')
    .summary('where the cost of a unit moved beyond noise, and what moved it')
    .description(
      'Unit cost over time from a file or from records of one cell, with alarms and their cause.',
    )
    .argument('[file]', 'CSV file, one row a date')
    .option(
      '--record <id>',
      'follow the cell of this record (its id or its beginning, or latest) in place of a file',
    )
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option('--phase <name>', 'of records: decode or prefill (default: decode)')
    .option('--gpu-price <usd>', "of records: USD per hour for all (default: each record's own)")
    .option('--cv <share>', 'standard deviation of throughput where nothing else says it, as 3%')
    .option('--baseline <points>', 'how many points at the start make the baseline', '1')
    .option('--since <date>', 'leave out what is older, as after a change that was accepted')
    .option(
      '--z <number>',
      'standard deviations that make a point an alarm (default: 2.5 % in all)',
    )
    .option('--last <points>', 'newest points to show (default: 20; with --json all)')
    .option(
      '--fail-on-drift [direction]',
      'exit with 3 where the newest cost has risen, or with any, moved',
    )
    .option('--seed <number>', 'of the draws behind the limits (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: CostDriftArguments) => {
      const { costDriftCommand } = await import('./drift-command.ts');
      process.exitCode = await costDriftCommand(file ?? null, options);
    });
}
