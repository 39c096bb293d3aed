import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  mtok verify                                    every record in .mtok
  mtok verify reports/2026-11-21-software-adapter/records.jsonl

Medians, intervals (with the record's seed), throughputs, percentiles, load, memory, energy, shares of the peaks,
costs at the record's price, and the flags that follow from samples are made again by the code that makes them in
mtok bench.
Exit codes: 0 all agree to 1e-9 of their size · 1 a figure differs or a line is no record`;

/** `mtok verify`: figures against the samples they were made from. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .summary('recompute every figure of stored records from their raw samples')
    .description('Recomputes the figures of records from their raw samples and compares.')
    .argument('[stores...]', 'folders or .jsonl files of records (default: .mtok)')
    .addHelpText('after', EXAMPLES)
    .action(async (stores: string[]) => {
      const { verifyCommand } = await import('./verify-command.ts');
      process.exitCode = await verifyCommand(stores);
    });
}
