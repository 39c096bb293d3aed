import type { Command } from 'commander';
import { IDENTITY_KEYS } from '../core/cell-identity.ts';
import { METRIC_NAMES } from '../core/comparison-metrics.ts';
import type { CompareArguments } from './compare-options.ts';

const EXAMPLES = `
Examples:
  mtok compare before.jsonl after.jsonl --fail-on slower        a gate for scripts
  mtok compare --a backend=wgsl --b backend=ort-webgpu          two engines of one store
  mtok compare results --a weights=f16 --b weights=int4 --metric decode
  mtok compare --a run=latest,backend=wgsl --b run=3f2a,backend=wgsl
  mtok compare old new --allow driver,device                    what else may differ; it is printed

A cell is compared with its like: everything that is not selected on must be the same.
FASTER, SLOWER: the whole 95 % interval lies beyond the margin δ, and p after Holm is below 0.05.
SAME: the whole interval lies within ±δ. AMBIGUOUS: anything else, with the reason.
A verdict is withheld (AMBIGUOUS) where a flag of a record may make it false, such as clocks-throttled, other-load,
bimodal-launches, do-not-rank or session-invalid; other flags are noted on the row.
p95 and p99 take 59 and 299 times a side.
δ is 2 %, or what the machine shows when nothing differs (mtok noise), whichever is larger.

Exit codes: 0 compared · 1 nothing to compare, or with --fail-on a cell of A without its like in B ·
2 the command line is wrong · 3 a verdict that --fail-on names`;

/** `mtok compare`: two sets of records, cell by cell. */
export function addCompare(program: Command): void {
  program
    .command('compare')
    .summary('compare two stores, runs or engines: ratio, interval, verdict')
    .description(
      'Compares records cell by cell: how many times as fast B is, with a 95 % interval, a permutation test ' +
        'and a verdict. Computed from the records alone.',
    )
    .argument('[stores...]', 'A and B: folders or .jsonl files; one store needs --a and --b')
    .option('--a <keys>', 'records of A: key=value, comma separated (run=latest, backend=wgsl, …)')
    .option('--b <keys>', 'records of B')
    .option('--metric <list>', `of ${METRIC_NAMES.join(', ')}, or all (default: prefill,decode)`)
    .option('--allow <keys>', `keys that may differ: of ${IDENTITY_KEYS.join(', ')}`)
    .option('--fail-on <verdict>', 'exit code 3 when B is slower; ambiguous: or where that is open')
    .option('--seed <number>', 'of bootstrap and permutations (default: 42)')
    .option('--json <file>', 'write the comparison as JSON; - is stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (stores: string[], options: CompareArguments) => {
      if (stores.length > 2) {
        const { usageError } = await import('./failure.ts');
        throw usageError(`compare got ${stores.length} stores, expected at most two`);
      }
      const { compareCommand } = await import('./compare-command.ts');
      process.exitCode = await compareCommand(stores, options);
    });
}
