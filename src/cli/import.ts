import type { Command } from 'commander';
import type { ImportArguments } from './import-command.ts';

const EXAMPLES = `
Examples:
  mtok import llama-bench.json                       into .mtok/imports.jsonl
  mtok import serve-c16.json serve-c64.json --gpu-price 21.2
  mtok import profile_export_aiperf.json profile_export.jsonl     the summary is checked against its requests
  mtok import profile_export_aiperf_aggregate.json --strict       exit code 1 if its intervals are not what they say
  mtok import results.md --dry-run                   only show what would be imported

Reads llama-bench (-o json, jsonl, csv, sql, md), vLLM bench serve (--save-result, latencies in ms or in seconds)
and AIPerf (profile_export_aiperf.json, its _aggregate.json of repeated runs, profile_export.jsonl). The content
tells the format, not the name.`;

/** `mtok import`: results of other tools, each metric with how it stands to ours. */
export function addImport(program: Command): void {
  program
    .command('import')
    .summary('take in results of llama-bench, vLLM or AIPerf')
    .description(
      "Imports other tools' results: says of each metric whether it is comparable with mtok's, computes what the " +
        'file states again from its own samples, and keeps it apart from what mtok measured.',
    )
    .argument('<files...>', 'result files')
    .option('--out <store>', 'folder or .jsonl file to add to (default: .mtok)')
    .option('--gpu-price <usd>', '$ per hour of everything that served')
    .option('--json', 'print the imported records as JSON')
    .option('--dry-run', 'store nothing')
    .option(
      '--strict',
      'fail, and store nothing, where a figure computed again differs from the file',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], options: ImportArguments) => {
      const { importCommand } = await import('./import-command.ts');
      await importCommand(files, options);
    });
}
