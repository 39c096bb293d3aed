import type { Command } from 'commander';
import type { LogitsArguments } from './logits-command.ts';
import { addSessionOptions } from './session-options.ts';

const EXAMPLES = `
Examples:
  mtok logits --model ~/models/SmolLM2-135M --tokens 1,2,3 --variant int4 --out wgsl.f32
  mtok logits --model ~/models/SmolLM2-135M --tokens 1,2,3 --variant int4 --backend reference --out ref.f32
      The same weights on two engines; in Python: numpy.fromfile(name, '<f4').reshape(3, -1)

FILE holds [tokens][vocab] little-endian 32-bit floats: row i predicts the token after token i. It appears
only when it is complete.`;

/** `mtok logits`: the numbers behind a prediction, for comparing engines. */
export function addLogits(program: Command): void {
  const command = program
    .command('logits')
    .summary('write the logits of a token sequence to a file')
    .description('Writes the logits after every token of a sequence, to compare engines by.');
  addSessionOptions(command)
    .requiredOption('--tokens <ids>', 'token ids: 1,2,3')
    .requiredOption('--out <file>', 'file to write')
    .addHelpText('after', EXAMPLES)
    .action(async (options: LogitsArguments) => {
      const { logitsCommand } = await import('./logits-command.ts');
      await logitsCommand(options);
    });
}
