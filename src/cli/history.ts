import type { Command } from 'commander';
import { HISTORY_COLUMNS } from '../store/history-columns.ts';
import type { HistoryArguments } from './history-command.ts';

const EXAMPLES = `
Metrics: decode, run-ahead, prefill, ttft, tpot, tpot-p95, tpot-p99, input-cost, output-cost, weights, kv-cache,
gpu-memory, rss.

A change is told where a value differs from the one before it by more than the margin and the 95 % intervals of
both do not overlap. The margin is --margin, or what the machine shows between so many launches when nothing
differs (mtok noise, stored beside the records), whichever is larger; every series says which. Values without an interval (fewer than 3 launches) never make a change, and a drift in
steps below the margin goes unseen.

Examples:
  mtok history                                           decode throughput of every cell in .mtok
  mtok history results ci/records.jsonl --metric ttft --backend wgsl --variant int4,int8
  mtok history --export records.parquet                  the table of mtok history sql as a file
  mtok history sql "select commit, max(decode_tps) from records group by commit"`;

/** `mtok history`: what cells did over time. */
export function addHistory(program: Command): void {
  const history = program
    .command('history')
    .summary('a figure of each cell over time, and where it moved beyond noise')
    .description(
      'Lists a metric of every cell over all records, with commit, driver and engine, and marks changes.',
    )
    .argument('[stores...]', 'folders, .jsonl or exported .parquet files (default: .mtok)')
    .option('--metric <name>', 'the figure (default: decode)')
    .option('--model <list>', 'only these models, as they were named')
    .option('--backend <list>', 'only these engines')
    .option('--variant <list>', 'only these formats of weights')
    .option(
      '--margin <percent>',
      'differences up to this are none, however low the A/A floor (default: 2)',
    )
    .option(
      '--last <count>',
      'newest records of each cell, besides changes (default: 10; with --json all)',
    )
    .option('--json <file>', 'write the series as JSON; - is stdout')
    .option('--export <file>', 'write all records as Parquet instead')
    .addHelpText('after', EXAMPLES)
    .action(async (stores: string[], options: HistoryArguments) => {
      const { historyCommand } = await import('./history-command.ts');
      await historyCommand(stores, options);
    });
  history
    .command('sql')
    .summary('answer a query over the table records')
    .description('Runs one SELECT of DuckDB over the table records. It can read nothing else.')
    .argument('<query>', 'the SELECT')
    .argument('[stores...]', 'folders, .jsonl or exported .parquet files (default: .mtok)')
    .option('--json <file>', 'write rows as JSON; - is stdout')
    .addHelpText('after', columnsText)
    .action(async (query: string, stores: string[], _: object, command: Command) => {
      const { historySqlCommand } = await import('./history-command.ts');
      await historySqlCommand(query, stores, command.optsWithGlobals());
    });
}

function columnsText(): string {
  const lines = HISTORY_COLUMNS.map(
    ({ name, type, about }) => `  ${name.padEnd(24)}${type.padEnd(11)}${about}`,
  );
  return `\nColumns of records:\n${lines.join('\n')}`;
}
