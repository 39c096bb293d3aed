import type { Command } from 'commander';
import type { AccuracyArguments } from './accuracy-options.ts';

const EXAMPLES = `
Examples:
  mtok accuracy -m ~/models/SmolLM2-135M --kv f16,int8          what an int8 KV cache costs
  mtok accuracy -m ~/models/SmolLM2-135M --backend wgsl,ort-webgpu --variant int4 --text wiki.txt -n 512
  mtok accuracy -m synthetic:test-1m --phase prefill,decode --activations f32,f16 --against same-weights
      only the engines' own errors: every path against sums in f64
  mtok accuracy -m ~/models/SmolLM2-135M --variant int4 --kv int8 --baseline kv=f16 --max-kl 0.05
      exit code 1 when a mean divergence is larger

The reference computes in f64 in one thread: for large models take few positions.`;

/** `mtok accuracy`: how far outputs are from what they should be, and what a format costs. */
export function addAccuracy(program: Command): void {
  program
    .command('accuracy')
    .summary('compare logits with the reference, with float weights and with each other')
    .description(
      'Feeds one text to every engine and format, and compares the logits: with the same weights in f64 (the ' +
        "engine's error), with float weights (the error of quantisation), and with a baseline of your choice.",
    )
    .requiredOption(
      '-m, --model <model>',
      'directory (Hugging Face layout) or synthetic:<preset>[@seed]',
    )
    .option('--tokens <ids>', 'token ids to feed: 1,2,3')
    .option('--prompt <text>', 'text to feed, continued greedily by the reference up to -n tokens')
    .option('--text <file>', 'a file whose first -n tokens are fed')
    .option(
      '-n, --positions <count>',
      'tokens to feed (default: 64, of the model’s own making; all of --tokens)',
    )
    .option('--backend <list>', 'engines (default: wgsl)')
    .option('--variant <list>', 'weights: f32, f16, int8, int4 (default: f16,int8,int4)')
    .option('--kv <list>', 'KV cache: auto, f32, f16, int8 (default: auto)')
    .option('--activations <list>', 'activations: auto, f32, f16, int8 (default: auto)')
    .option('--host <list>', 'node, chromium (default: node)')
    .option(
      '--phase <list>',
      'prefill feeds many tokens at once, decode one after another (default: prefill)',
    )
    .option(
      '--against <weights>',
      'reference:f32, reference:f16, or same-weights for the engine’s error alone (default: reference:f32)',
    )
    .option(
      '--baseline <axis=value>',
      'compare each row with the one that differs in this alone: kv=f16 (default: kv=f16 where it is among them)',
    )
    .option(
      '--max-nmse <number>',
      'gate of the engine’s error (default: 1e-4; f16 activations 1e-2, int8 1e-3)',
    )
    .option('--max-kl <nats>', 'gate of every mean divergence in the table (default: none)')
    .option('--adapter <name>', 'WebGPU adapter; see mtok doctor')
    .option('--seed <number>', 'of random tokens and intervals (default: 42)')
    .option('--json <file>', 'write the result as JSON; - is stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (options: AccuracyArguments) => {
      const { accuracyCommand } = await import('./accuracy-command.ts');
      process.exitCode = await accuracyCommand(options);
    });
}
