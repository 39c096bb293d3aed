import type { Command } from 'commander';
import type { CostBreakevenArguments } from './breakeven-options.ts';
import { DAY_OPTION, GPU_KIND_OPTION, GPU_OPTION, PRICES_OPTION } from './prices-option.ts';

const EXAMPLES = `
Examples:
  mtok cost breakeven --capacity-tps 8000 --gpus 2 --gpu-price 2.85 --mix 3:1 --api-input 3 --api-output 15
  mtok cost breakeven --prefill-tps 20000 --decode-tps 2000 --gpu-price 2.85..3.50 --input 1500 --output 300 \\
      --api openai/gpt-4o-mini --volume 500 --volume 2000
  mtok cost breakeven --record latest --gpu H100 --api-usd-per-mtok 0.06 --max-utilization 60%

The first: 2 GPUs cost $4,161 a month of 730 h whatever they do, so at $6.00 per million tokens of that mix
self-hosting is cheaper from 693.5 million tokens a month, 3.30 % of the 21,024 that it serves. Against $0.06 it would
be 69,350, more than it serves: never.

Rates are those of the deployment of all --gpus. The API is charged the same mix of input, cached and output tokens.
Self-hosting is charged its whole bill, idle time included (allocation basis), not the price at full load (usage basis).`;

/** `mtok cost breakeven`: from which volume on self-hosting costs less than an API, if ever. */
export function addCostBreakeven(cost: Command): void {
  cost
    .command('breakeven')
    .summary('self-host or API: the volume at which they cost the same, or never')
    .description(
      'From which volume on self-hosting costs less than an API, if ever, and how sure that is.',
    )
    .option('--record <id>', 'rates of this record: its id or its beginning, or latest')
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option('--prefill-tps <rate>', 'input tokens per second of the deployment while it prefills')
    .option('--decode-tps <rate>', 'output tokens per second of the deployment while it decodes')
    .option('--capacity-tps <rate>', 'all tokens per second that the deployment serves at this mix')
    .option('--max-utilization <share>', 'of that rate, with the latency as promised', '1')
    .option('--gpu-price <usd>', "USD per GPU-hour (default: the record's price)")
    .option(...GPU_OPTION)
    .option(...GPU_KIND_OPTION)
    .option('--gpus <number>', 'GPUs of the deployment that has these rates', '1')
    .option('--hours-per-month <hours>', 'that are paid for', '730')
    .option('--self-usd-per-mtok <usd>', 'cost of self-hosting by the token, beside its GPUs', '0')
    .option('--input <tokens>', "input tokens of a request (default: the record's prompt)")
    .option('--output <tokens>', "output tokens of a request (default: the record's)")
    .option('--mix <in:out>', 'input to output tokens, in place of a request: 3:1')
    .option(
      '--cache-hit <share>',
      'of the input tokens found in a prefix cache, on either side',
      '0',
    )
    .option('--api <model>', 'prices of provider/model in the price book')
    .option('--api-input <usd>', 'USD per million input tokens')
    .option('--api-cached <usd>', 'USD per million input tokens read from a cache')
    .option('--api-output <usd>', 'USD per million output tokens')
    .option('--api-usd-per-mtok <usd>', 'USD per million tokens at this mix')
    .option(...PRICES_OPTION, collect)
    .option(...DAY_OPTION)
    .option('--volume <mtok>', 'million tokens a month to look at; repeatable', collect)
    .option(
      '--profile <loads>',
      'load of equal parts of the time, such as 1,1,4,2 (default: always the same)',
    )
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: CostBreakevenArguments) => {
      const { costBreakevenCommand } = await import('./breakeven-command.ts');
      process.exitCode = await costBreakevenCommand(options);
    });
}

function collect(text: string, texts: string[] = []): string[] {
  return [...texts, text];
}
