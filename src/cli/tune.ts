import type { Command } from 'commander';
import { DEFAULT_SWEEP } from '../core/plan.ts';
import type { TuneArguments } from './tune-options.ts';

const EXAMPLES = `
Tries the kernels and tile sizes that can make an operation on this adapter, each checked against a float64
oracle before it is timed, and keeps the fastest where it beats the default. Sessions of the wgsl backend take
what was found; another driver or other kernels make a table useless, and then the defaults are back.

Examples:
  mtok tune --model ~/models/Llama-3.2-1B --variant int4
  mtok tune --shapes llama-3.2-1b,llama-3.1-8b --budget 900
  mtok tune --shapes bench-25m --rows 1,128 --context 512 --adapter lavapipe
  mtok tune --shapes llama-3.1-8b --out table.json     the table also as a file

Run again to go on where the time was up; --force begins anew.

Exit codes: 0 all ok · 1 an operation failed · 2 the command line is wrong · 130 interrupted`;

/** `mtok tune`: the fastest kernels for this adapter. */
export function addTune(program: Command): void {
  program
    .command('tune')
    .summary('find the fastest kernels for this adapter and a model')
    .description('Searches the kernels for this adapter, and remembers what is fastest and right.')
    .option(
      '-m, --model <model>',
      `directory (Hugging Face layout) or synthetic:<preset>[@seed]; repeatable (default: ${DEFAULT_SWEEP.models})`,
      append,
    )
    .option('--shapes <list>', 'presets, as mtok models lists them, instead of or beside --model')
    .option(
      '--variant <list>',
      `weights: f32, f16, int8, int4 (default: ${DEFAULT_SWEEP.variants})`,
    )
    .option('--kv <format>', 'KV cache: auto, f32, f16, int8 (default: auto)')
    .option('--rows <list>', 'rows of products: sequences up to 8, beyond it tokens of a prompt')
    .option('--context <list>', 'tokens in the cache of a decode step')
    .option('--budget <seconds>', 'time for everything', '300')
    .option(
      '--adapter <name>',
      'WebGPU adapter: auto, gpu, lavapipe, swiftshader, or a part of its name (default: auto)',
    )
    .option('--force', 'tune again what was tuned before')
    .option('--json', 'print JSON')
    .option('--out <file>', 'write the table to a file too')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TuneArguments) => {
      const { tuneCommand } = await import('./tune-command.ts');
      process.exitCode = await tuneCommand(options);
    });
}

function append(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
