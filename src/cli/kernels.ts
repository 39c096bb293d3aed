import type { Command } from 'commander';
import type { KernelsArguments } from './kernels-options.ts';

const EXAMPLES = `
Validates every kernel against a float64 oracle, on devices opened with and without optional features, then times
the operations of models' layers: our kernels, as a decoder chooses them, and ONNX Runtime's WebGPU provider in
turns, on the same data and adapter. Lists take commas; numbers also ranges.

Examples:
  mtok kernels --quick                 a minute: few cases, small shapes
  mtok kernels --model-shapes llama-3.2-1b --format int4 --rows 1,128 --context 4096
  mtok kernels --op attention --no-validate --kv f16,int8 --budget 600
  mtok kernels --validate-only --adapter swiftshader
  mtok kernels --json kernels.json     records as JSON, with raw samples, settings and the peaks measured

Exit codes: 0 all ok · 1 a kernel was wrong or something failed · 2 the command line is wrong · 130 interrupted`;

/** `mtok kernels`: our kernels one by one. */
export function addKernels(program: Command): void {
  program
    .command('kernels')
    .summary('validate every kernel, then time it beside ONNX Runtime at the shapes of models')
    .description('Validates kernels, then times operations of models beside ONNX Runtime.')
    .option('--model-shapes <list>', 'presets whose layers are timed, as mtok models lists them')
    .option('--op <list>', 'parts of names: matvec, matmul, attention, qkv, decode, …')
    .option('--format <list>', 'weights: f32, f16, int8, int4')
    .option('--rows <list>', 'rows of products; beyond 8 also the new tokens of a prefill')
    .option('--context <list>', 'tokens in the cache')
    .option('--kv <list>', 'KV cache: f32, f16, int8')
    .option('--activations <format>', 'how our kernels store activations: f32 or f16', 'f32')
    .option('--quick', 'few cases and small shapes, in about a minute')
    .option('--budget <seconds>', 'time for timing; what would not fit is left out, and named')
    .option('--validate-only', 'time nothing')
    .option('--no-validate', 'time only; every operation is still checked before it is timed')
    .option('--no-peer', 'without ONNX Runtime')
    .option(
      '--adapter <name>',
      'WebGPU adapter: auto, gpu, lavapipe, swiftshader, or a part of its name (default: auto)',
    )
    .option('--json <file>', 'write the records as a JSON array; - is stdout')
    .option('--out <store>', 'folder or .jsonl file that records are added to (default: .mtok)')
    .option('--seed <number>', 'of inputs, order and bootstrap (default: 42)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: KernelsArguments) => {
      const { kernelsCommand } = await import('./kernels-command.ts');
      process.exitCode = await kernelsCommand(options);
    });
}
