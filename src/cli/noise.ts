import type { Command } from 'commander';
import { addMeasurementOptions } from './bench.ts';
import type { BenchArguments } from './bench-command.ts';

const EXAMPLES = `
Examples:
  mtok noise                                     the embedded model on three engines, f16, 10 launches twice
  mtok noise --backend wgsl -m ~/models/Llama-3.2-1B -p 512 -n 128
  mtok noise --out results                       into results/noise.jsonl, where mtok compare finds it

Defaults are those of mtok bench but for --launches 10, --variant f16 and no roofline.

Exit codes: 0 every floor measured · 1 a cell failed or is unsupported · 2 the command line is wrong · 130 interrupted`;

/** `mtok noise`: what a comparison shows where nothing differs. */
export function addNoise(program: Command): void {
  const command = program
    .command('noise')
    .summary('measure cells against themselves: the noise floor of this machine')
    .description(
      'Measures each cell twice, launches in turns (A/A), and stores how much the two differ though nothing does. ' +
        'mtok compare takes no smaller difference for real.',
    );
  addMeasurementOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: BenchArguments) => {
      const { noiseCommand } = await import('./noise-command.ts');
      process.exitCode = await noiseCommand(options);
    });
}
