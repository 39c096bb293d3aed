import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  mtok models                            the synthetic presets
  mtok models llama-3.1-8b               sizes of a preset: parameters, bytes per format, KV bytes per token
  mtok models ~/models/Qwen2.5-0.5B      the same of a directory, and which packed variants are cached
  mtok models --json                     for scripts`;

/** `mtok models`: what there is to run, and how large it is. */
export function addModels(program: Command): void {
  program
    .command('models')
    .summary('list presets, or describe a model')
    .description('Lists the synthetic presets, or describes one preset or model directory.')
    .argument('[model]', 'directory, preset or synthetic:<preset>[@seed]')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (model: string | undefined, options: { json?: boolean }) => {
      const { modelsCommand } = await import('./models-command.ts');
      await modelsCommand(model, options);
    });
}
