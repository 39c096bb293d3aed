import type { Command } from 'commander';
import { BACKEND_NAMES, HOST_NAMES } from '../core/cell.ts';
import { DEFAULT_SWEEP } from '../core/plan.ts';
import { DEFAULT_PROTOCOL, PRESETS } from '../measure/protocol.ts';
import type { BenchArguments } from './bench-command.ts';

const EXAMPLES = `
Lists and ranges: a comma separates values, an option given twice adds its values, and numbers may be
ranges: 1-8 · 64-256+64 (steps of 64) · 128-2048*2 (doubling). Every combination is one cell.

Examples:
  mtok bench
      The embedded model, engines ${DEFAULT_SWEEP.backends}, weights ${DEFAULT_SWEEP.variants}.
  mtok bench --model ~/models/Llama-3.2-1B --gpu-price 2.49 -p 512 -n 128
      A model of yours at $2.49 an hour.
  mtok bench --backend wgsl --variant int4 -p 64-1024*2 -n 32 -d 0,2048 -b 1,4
      One engine over prompt lengths, cache depths and batch sizes.
  mtok bench --dry-run -p 128,512
      Print the plan and stop.
  mtok bench --json - > cells.json
      The cells as JSON on stdout, the table on stderr.

Exit codes: 0 every cell ok · 1 a cell failed or is unsupported · 2 the command line is wrong · 130 interrupted`;

/** `mtok bench`: the main job. */
export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .summary('measure prefill, decode, memory and $ per million tokens')
    .description(
      'Measures models on engines over number formats and workloads: prefill and decode throughput, latency, ' +
        'memory and $ per million tokens, with 95 % intervals. Each cell becomes a record in the store.',
    );
  addMeasurementOptions(command)
    .option('--no-roofline', "do not measure the adapter's peaks, which take some seconds")
    .option(
      '--canary',
      'run a small cell at start, middle and end; if it changes, the session is invalid',
    )
    .option(
      '--no-canary',
      'run none (default: with the presets standard and publish, not with quick)',
    )
    .option('--resume', 'skip the cells whose records are in the store already')
    .addHelpText('after', EXAMPLES)
    .action(async (options: BenchArguments) => {
      const { benchCommand } = await import('./bench-command.ts');
      process.exitCode = await benchCommand(options);
    });
}

/** What is measured and how: the options that `mtok noise` shares. */
export function addMeasurementOptions(command: Command): Command {
  return command
    .option(
      '-m, --model <model>',
      `directory (Hugging Face layout) or synthetic:<preset>[@seed] (default: ${DEFAULT_SWEEP.models})`,
      append,
    )
    .option(
      '--backend <list>',
      `of ${BACKEND_NAMES.join(', ')} (default: ${DEFAULT_SWEEP.backends})`,
      join,
    )
    .option(
      '--variant <list>',
      `weights: f32, f16, int8, int4 (default: ${DEFAULT_SWEEP.variants})`,
      join,
    )
    .option(
      '--kv <list>',
      'KV cache: auto, f32, f16, int8 (default: auto, f16 where the engine has it)',
      join,
    )
    .option('--activations <list>', 'activations: auto, f32, f16, int8 (default: auto)', join)
    .option('--host <list>', `of ${HOST_NAMES.join(', ')} (default: ${DEFAULT_SWEEP.hosts})`, join)
    .option(
      '-p, --prompt-tokens <list>',
      `tokens of the prompt (default: ${DEFAULT_SWEEP.prompt})`,
      join,
    )
    .option(
      '-n, --generate-tokens <list>',
      `tokens to generate (default: ${DEFAULT_SWEEP.generate})`,
      join,
    )
    .option(
      '-d, --depth <list>',
      `tokens in the cache before the prompt (default: ${DEFAULT_SWEEP.depth})`,
      join,
    )
    .option('-b, --batch <list>', `sequences at once (default: ${DEFAULT_SWEEP.batch})`, join)
    .option('--preset <name>', `protocol: ${presetTexts()} (default: quick)`)
    .option('--launches <count>', "this many fresh processes per cell (default: the preset's)")
    .option('--max-launches <count>', 'go on up to this many until the intervals are narrow enough')
    .option('--half-width <percent>', 'narrow enough: half of a 95 % interval over its median')
    .option('--cell-time <seconds>', 'beyond the minimum of launches, spend no more on a cell')
    .option(
      '--repetitions <count>',
      "timed passes per launch (default: what the preset's time allows)",
    )
    .option(
      '--run-ahead <steps>',
      'decode once more with this many steps submitted ahead of the host, where the engine can; 1: do not ' +
        `(default: ${DEFAULT_PROTOCOL.launch.runAheadSteps})`,
    )
    .option('--profile', 'take a step of each cell apart: time, bytes and share of every kernel')
    .option(
      '--adapter <name>',
      'WebGPU adapter: auto, gpu, lavapipe, swiftshader, or a part of its name (default: auto)',
    )
    .option('--gpu-price <usd>', 'price of the device in $ per hour (default: a dated preset)')
    .option('--json <file>', 'write the cells as a JSON array; - is stdout')
    .option('--out <store>', 'folder or .jsonl file that records are added to (default: .mtok)')
    .option('--dry-run', 'print the plan and stop')
    .option('--seed <number>', 'of prompts, order and bootstrap (default: 42)')
    .option(
      '--timeout <seconds>',
      `end a launch that takes longer (default: ${DEFAULT_PROTOCOL.launchTimeoutMs / 1000})`,
    );
}

/** `quick (3 launches, ±5 %), …` */
function presetTexts(): string {
  return Object.values(PRESETS)
    .map(({ preset, launches, halfWidthTarget }) => {
      const percent = Math.round(100 * halfWidthTarget);
      return `${preset} (${launches} launches or more, ±${percent} %)`;
    })
    .join(', ');
}

function append(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function join(value: string, previous: string | undefined): string {
  return previous === undefined ? value : `${previous},${value}`;
}
