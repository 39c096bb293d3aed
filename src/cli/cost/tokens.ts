import type { Command } from 'commander';
import { DAY_OPTION, GPU_KIND_OPTION, GPU_OPTION, PRICES_OPTION } from './prices-option.ts';
import type { CostTokensArguments } from './tokens-options.ts';

const EXAMPLES = `
Examples:
  mtok cost tokens --record latest --gpu-price 2.85
  mtok cost tokens --record 3f2a --record 9c01 --store results --gpu-price 2.85..3.50 --tornado
  mtok cost tokens --record latest --gpu-price 2.95 --requests-per-month 2e6 --focus charges.csv
  mtok cost tokens --steps steps.csv --input 1500 --output 300 --gpu-price 2.85 --allocation
  mtok cost tokens --record latest --gpu H100@nebius --gpu-kind spot
  mtok cost tokens --prefill-tps 20000 --decode-tps 2000 --input 1500 --output 300 --gpu-price 2.85

The last prints $0.000178 a request (0.225 GPU-s): $0.0396 per million input tokens and $0.396 per million output
tokens, which add up to the bill; or $0.594 per million output tokens where these bear all of it.

Views: split charges each phase its GPU time; all-on-output and all-on-total charge the whole bill to those tokens.
Each pays the bill alone: never add them. Intervals are of 95 %, from the records' launches and from given ranges.

Where only --total-tps is known, as from a server's log, the split is a rule and says so: 2.5 as OpenCost, 3 as NVIDIA.
--steps wants the columns step_ms, prefill_tokens and decode_tokens, a row for each forward pass in its order. Least
squares tell the time of a prefill token from that of a decode token where a server mixes both in its batches.
--focus writes the hours that serve and those that wait (CapacityReservationStatus Unused) of the deployments that
--requests-per-month takes, or of one.`;

/** `mtok cost tokens`: dollars per request and per million tokens in each view. */
export function addCostTokens(cost: Command): void {
  cost
    .command('tokens')
    .summary('what a request and a million tokens cost')
    .description('The cost of a request and of a million tokens, from records or from given rates.')
    .option(
      '--record <id>',
      'rates of this record: its id or its beginning, or latest; repeatable',
      collect,
    )
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option('--prefill-tps <rate>', 'input tokens per second of the deployment while it prefills')
    .option('--decode-tps <rate>', 'output tokens per second of the deployment while it decodes')
    .option('--input <tokens>', "input tokens of a request (default: the record's prompt)")
    .option('--output <tokens>', "output tokens of a request (default: the record's)")
    .option('--gpu-price <usd>', "USD per GPU-hour (default: the record's price)")
    .option(...GPU_OPTION)
    .option(...GPU_KIND_OPTION)
    .option(...DAY_OPTION)
    .option(...PRICES_OPTION, collect)
    .option('--gpus <number>', 'GPUs of the deployment that has these rates', '1')
    .option('--utilization <share>', 'of the paid time that serves requests, as 0.4 or 40%', '1')
    .option('--cache-hit <share>', 'of the input tokens found in a prefix cache', '0')
    .option(
      '--blend <in:out>',
      "mix of the blended price, such as 3:1 (default: the request's own)",
    )
    .option('--tornado', 'show which input matters how much')
    .option(
      '--total-tps <rate>',
      'input and output tokens per second together, where no more is known',
    )
    .option(
      '--output-weight <number>',
      'input tokens that an output token then counts as (default: 2.5)',
    )
    .option('--steps <file>', "rates from a CSV of a server's mixed steps (see below)")
    .option('--allocation', 'what other rules of splitting the bill would say')
    .option('--batch <number>', "sequences that decode at once (default: the record's)")
    .option('--requests-per-month <number>', 'the bill of a month and the deployments it takes')
    .option('--energy', "joules per token, of the record's device")
    .option('--focus <file>', 'write a month of charges as FOCUS 1.2 CSV')
    .option('--month <YYYY-MM>', "of those charges (default: the record's, or this one)")
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: CostTokensArguments) => {
      const { costTokensCommand } = await import('./tokens-command.ts');
      process.exitCode = await costTokensCommand(options);
    });
}

function collect(id: string, ids: string[] = []): string[] {
  return [...ids, id];
}
