import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  mtok doctor              what this machine can run, what is missing, what to do about it
  mtok doctor --json       the same for scripts, with every feature and limit of every adapter

Exit codes: 0 the wgsl backend can run here · 1 it cannot`;

/** `mtok doctor`: what this machine can run. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('print what this machine can run, and what is missing')
    .description(
      'Prints adapters, features, limits, engines and browser, and what to do about each thing missing.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('./doctor.ts');
      process.exitCode = await doctor(options);
    });
}
