import type { Command } from 'commander';
import { PRICES_OPTION } from './cost/prices-option.ts';
import type { DiffArguments } from './prices/diff-command.ts';
import type { ImportPricesArguments } from './prices/import-command.ts';
import type { ListArguments } from './prices/list-command.ts';
import type { ShowArguments } from './prices/show-command.ts';

const EXAMPLES = `
Examples:
  mtok prices list --gpu --match H100
  mtok prices show openai/gpt-4o
  mtok prices import vms.csv --provider lambda --as-of 2026-11-21

Prices come from a small table of GPUs and from the catalogue @pydantic/genai-prices, both part of mtok, then from
.mtok/prices.json, which mtok prices import writes, then from files given with --prices. Where two have a price of the
same thing on the same day, the later one wins. Nothing is read from the network.`;

const LIST_EXAMPLES = `
Examples:
  mtok prices list --gpu --match H100          $2.95 rented at nebius, $1.25 as spot, $1.30 where one owns many
  mtok prices list --api --match sonnet
  mtok prices list --api --day 2025-06-01 --json`;

const SHOW_EXAMPLES = `
Examples:
  mtok prices show openai/o3                   $10 and $40 until 2025-06-10, $2 and $8 since
  mtok prices show H200                        rented, spot and owned`;

const IMPORT_EXAMPLES = `
Examples:
  mtok prices import vms.csv --provider lambda --as-of 2026-11-21
  mtok prices import model_prices_and_context_window.json --as-of 2026-11-21
  mtok prices import my-prices.yaml --out team-prices.json

A book of your own in YAML:
  gpus:
    - { gpu: H100, provider: acme, kind: rented, usdPerGpuHour: 2.10, from: 2026-09-01, source: contract 17 }
  apis:
    - { provider: acme, model: large, inputUsdPerMtok: 2, outputUsdPerMtok: 8, cacheReadUsdPerMtok: 0.2,
        from: 2026-09-01, source: https://acme.example/prices,
        batch: { inputUsdPerMtok: 1, outputUsdPerMtok: 4 },
        tiers: [{ aboveInputTokens: 200000, inputUsdPerMtok: 4, outputUsdPerMtok: 16 }] }

SkyPilot's catalogue and LiteLLM's map have no dates: their prices are as of the day given with --as-of. A price that is
another than the book's holds from that day; the older one stays for the days before. Importing again changes nothing.`;

const DIFF_EXAMPLES = `
Examples:
  mtok prices diff 2025-06-01 2025-07-01       what changed in the books that are in use; o3 by -80 %
  mtok prices diff old.json new.yaml
  mtok prices diff built-in .mtok/prices.json`;

/** `mtok prices …`: what GPUs and API models cost, from when to when, and who says so. */
export function addPrices(program: Command): void {
  const prices = program
    .command('prices')
    .summary('what GPUs and API models cost: list, show, import, compare')
    .description('The price books behind mtok cost: every price with its days and its source.')
    .addHelpText('after', EXAMPLES);
  addList(prices);
  addShow(prices);
  addImportPrices(prices);
  addDiff(prices);
}

function addList(prices: Command): void {
  prices
    .command('list')
    .summary('prices that hold on a day')
    .description('Prices that hold on a day; GPUs, and API models where asked for.')
    .option('--gpu', 'only GPUs')
    .option('--api', 'only API models')
    .option('--match <text>', 'only what has this in its name, provider or region')
    .option('--day <day>', 'YYYY-MM-DD (default: today)')
    .option(...PRICES_OPTION, collect)
    .option('--json', 'print JSON')
    .addHelpText('after', LIST_EXAMPLES)
    .action(async (options: ListArguments) => {
      const { listCommand } = await import('./prices/list-command.ts');
      process.exitCode = await listCommand(options);
    });
}

function addShow(prices: Command): void {
  prices
    .command('show')
    .summary('all prices of one GPU or model, with their days and sources')
    .description('All prices of one GPU or API model: every day, tier and class, and who says so.')
    .argument('<name>', 'a GPU (H100), or a model (openai/gpt-4o)')
    .option(...PRICES_OPTION, collect)
    .option('--json', 'print JSON')
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (name: string, options: ShowArguments) => {
      const { showCommand } = await import('./prices/show-command.ts');
      process.exitCode = await showCommand(name, options);
    });
}

function addImportPrices(prices: Command): void {
  prices
    .command('import')
    .summary('take prices from a catalogue or a book into your own book')
    .description('Adds the prices of a file to a book, keeping what held before.')
    .argument('<file>', 'SkyPilot vms.csv, LiteLLM map, or a book in YAML or JSON')
    .option('--format <name>', 'skypilot, litellm or book (default: told from the content)')
    .option('--as-of <day>', 'day on which the prices held, for files without dates')
    .option('--provider <name>', 'cloud that a SkyPilot catalogue is of')
    .option('--out <file>', 'book to add to (default: .mtok/prices.json)')
    .option('--json', 'print JSON')
    .addHelpText('after', IMPORT_EXAMPLES)
    .action(async (file: string, options: ImportPricesArguments) => {
      const { importPricesCommand } = await import('./prices/import-command.ts');
      process.exitCode = await importPricesCommand(file, options);
    });
}

function addDiff(prices: Command): void {
  prices
    .command('diff')
    .summary('which prices changed, and by how much')
    .description('Compares two books, or the books in use on two days. Exit code 0 either way.')
    .argument('<a>', 'book file, built-in, or day')
    .argument('<b>', 'book file, built-in, or day')
    .option('--day <day>', 'of two books: the day to compare (default: today)')
    .option(...PRICES_OPTION, collect)
    .option('--json', 'print JSON')
    .addHelpText('after', DIFF_EXAMPLES)
    .action(async (a: string, b: string, options: DiffArguments) => {
      const { diffCommand } = await import('./prices/diff-command.ts');
      process.exitCode = await diffCommand(a, b, options);
    });
}

function collect(path: string, paths: string[] = []): string[] {
  return [...paths, path];
}
