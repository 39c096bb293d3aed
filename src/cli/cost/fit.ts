import type { Command } from 'commander';
import type { CostFitArguments } from './fit-options.ts';
import { PRICES_OPTION } from './prices-option.ts';

const EXAMPLES = `
Examples:
  mtok cost fit --params 70e9 --layers 80 --kv-heads 8 --head-dim 128 --gpu H100 --context 8192
  mtok cost fit --model synthetic:llama-3.1-70b --gpu H200 --gpus 2 --kv f16,int8 --context 8192,131072
  mtok cost fit --model models/my-llama --memory 24GB --variant int4 --context 4096
  mtok cost fit --params 46.7e9 --active-params 12.9e9 --experts 8 --active-experts 2 \\
      --layers 32 --kv-heads 8 --head-dim 128 --gpu H100 --variant f16

In the first, 140 GB of f16 weights and 2.68 GB of cache for each sequence of 8,192 tokens do not fit on one H100 of
80 GB: they need 2, which at 90 % usable memory hold 1 sequence. int4 fits on one, with 12 sequences.

Sizes need a unit: 80GB is 80·10⁹ bytes, 80GiB is 80·2³⁰.`;

/** `mtok cost fit`: which variants fit on which GPUs, with how large a batch, and the least that costs. */
export function addCostFit(cost: Command): void {
  cost
    .command('fit')
    .summary('what fits into GPU memory, and the least it costs')
    .description('Weights and KV cache against GPU memory: GPUs needed, largest batch, cost floor.')
    .option('--params <number>', 'parameters of the model, such as 70e9; of all experts')
    .option('--layers <number>', 'of the model')
    .option('--kv-heads <number>', 'key-value heads of a layer')
    .option('--head-dim <number>', 'width of a head')
    .option('-m, --model <model>', 'directory (Hugging Face layout) or synthetic:<preset>')
    .option('--record <id>', 'memory of this record: its id or its beginning, or latest')
    .option('--store <path>', 'folder or .jsonl file with the records (default: .mtok)')
    .option('--variant <list>', 'formats of the weights (default: f32,f16,int8,int4)')
    .option('--kv <list>', 'formats of the KV cache: f32, f16, int8 (default: f16)')
    .option('--pure', 'count numbers alone, without the scales of quantised blocks')
    .option('--context <list>', 'tokens of a sequence, prompt and answer (default: 4096,32768)')
    .option('--batch <number>', 'sequences that must fit at once', '1')
    .option('--gpu <name>', 'its memory and bandwidth: H100, "A100 80GB", RTX 4090, …')
    .option('--memory <size>', 'of one GPU in place of --gpu, as 80GB or 80GiB')
    .option('--usable <share>', 'of the memory for weights, cache and activations', '0.9')
    .option('--activations <size>', 'of each GPU, beside weights and cache (default: 0GB)')
    .option('--gpus <number>', 'of the deployment (default: as many as are needed)')
    .option('--gpu-price <usd>', 'USD per GPU-hour (default: of --gpu in the price book)')
    .option(...PRICES_OPTION, collect)
    .option('--bandwidth <rate>', 'peak of one GPU, as 3.35TB/s (default: that of --gpu)')
    .option('--sequence-tps <rate>', 'output tokens per second of a sequence at the largest batch')
    .option('--experts <number>', 'of a layer, of a mixture of experts')
    .option('--active-experts <number>', 'of a layer that a token goes through')
    .option('--active-params <number>', 'parameters that a token goes through')
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: CostFitArguments) => {
      const { costFitCommand } = await import('./fit-command.ts');
      process.exitCode = await costFitCommand(options);
    });
}

function collect(path: string, paths: string[] = []): string[] {
  return [...paths, path];
}
