import type { Command } from 'commander';
import { BACKEND_NAMES } from '../core/cell.ts';
import type { GenerateArguments } from './generate-command.ts';
import { addSessionOptions } from './session-options.ts';

const EXAMPLES = `
Examples:
  mtok generate --model ~/models/SmolLM2-135M --prompt "Once upon a time" -n 100
  mtok generate --model ~/models/SmolLM2-135M --prompt "Once" --backend ort-cpu --variant int4
  mtok generate --model synthetic:test-1m --prompt-tokens 1,2,3 -n 8
      A synthetic model has no tokenizer: token ids in, token ids out.
  mtok generate --model ~/models/SmolLM2-135M --prompt "Hello" -n 32 --json
      {"promptTokens":[…],"tokens":[…],"text":"…"}
  mtok generate --model ~/models/SmolLM2-135M --prompt "Once" --temperature 0.8 --top-p 0.95 --seed 1
      Samples, on the device with wgsl; \`reference\` draws the same tokens.

Unless told to sample, decoding is greedy. The number of tokens is forced: it does not stop at an end-of-sequence token, so that
engines (${BACKEND_NAMES.slice(0, 4).join(', ')}, …) can be compared token by token.`;

/** `mtok generate`: text, streamed. */
export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .summary('stream text from one engine')
    .description('Generates tokens with one model, engine and number format, as they come.');
  addSessionOptions(command)
    .option('--prompt <text>', "text, encoded with the model's tokenizer")
    .option('--prompt-tokens <ids>', 'token ids instead of text: 1,2,3')
    .option('-n, --generate-tokens <count>', 'tokens to generate (default: 32)')
    .option(
      '--run-ahead <steps>',
      'decode steps submitted ahead, where the engine can: tokens come in such groups (default: 8)',
    )
    .option('--temperature <t>', 'sample instead of taking the most likely token; 0 is greedy')
    .option('--top-k <count>', 'sample among this many tokens, at most 64 (default: 40)')
    .option('--top-p <share>', 'and of these among the fewest that reach this share (default: 1)')
    .option('--seed <number>', 'of sampling: the same seed gives the same text (default: 42)')
    .option('--json', 'print one JSON object at the end instead of streaming')
    .addHelpText('after', EXAMPLES)
    .action(async (options: GenerateArguments) => {
      const { generateCommand } = await import('./generate-command.ts');
      await generateCommand(options);
    });
}
