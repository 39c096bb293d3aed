import type { Command } from 'commander';
import type { ReportArguments } from './report-command.ts';

const EXAMPLES = `
Examples:
  mtok report --out report.md                    everything in .mtok
  mtok report results/records.jsonl --out report.md
  mtok report --run latest --out -               the last run only, on stdout

The report is computed from the records alone: no GPU, no model, no network.`;

/** `mtok report`: records as a document. */
export function addReport(program: Command): void {
  program
    .command('report')
    .summary('write stored records as a Markdown report')
    .description('Writes results, cost, memory, settings, method and record ids as Markdown.')
    .argument('[store]', 'folder or .jsonl file of records (default: .mtok)')
    .requiredOption('--out <file>', 'file to write; - is stdout')
    .option('--run <id>', 'only the records of one run; latest is the newest')
    .option('--title <text>', 'heading of the report')
    .addHelpText('after', EXAMPLES)
    .action(async (store: string | undefined, options: ReportArguments) => {
      const { reportCommand } = await import('./report-command.ts');
      await reportCommand(store ?? null, options);
    });
}
