import { Command, CommanderError } from 'commander';
import { addAccuracy } from './accuracy.ts';
import { addBench } from './bench.ts';
import { addCompare } from './compare.ts';
import { addCost } from './cost.ts';
import { addDoctor } from './doctor-command.ts';
import { EXIT, reportFailure, usageError } from './failure.ts';
import { addGenerate } from './generate.ts';
import { addHistory } from './history.ts';
import { addImport } from './import.ts';
import { addKernels } from './kernels.ts';
import { addLogits } from './logits.ts';
import { addModels } from './models.ts';
import { addNoise } from './noise.ts';
import { endQuietlyWhenReaderLeaves } from './output.ts';
import { addPrices } from './prices.ts';
import { addReport } from './report.ts';
import { addSchema } from './schema.ts';
import { addTune } from './tune.ts';
import { addVerify } from './verify.ts';
import { versionText } from './version.ts';

const SUMMARY = `What a million tokens cost on this GPU, with this model, at this precision, and how sure we are.
Runs the same weights on mtok's own WebGPU kernels and on ONNX Runtime, and prices what it measured.`;

const EXAMPLES = `
Examples:
  mtok bench                                    the embedded model on three engines at f16, int8, int4
  mtok bench --model ~/models/Qwen2.5-0.5B --gpu-price 2.49
  mtok generate --model ~/models/Qwen2.5-0.5B --prompt "Once upon a time" -n 64
  mtok report --out report.md                   write what was measured as a document
  mtok doctor                                   what this machine can run, and what is missing

Exit codes: 0 all ok · 1 a cell or the command failed · 2 the command line is wrong · 3 compare --fail-on`;

/** Parses the arguments and runs one command; sets the exit code, never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWhenReaderLeaves();
  const program = createProgram();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = handleFailure(error, program, argv);
  }
}

/** All commands with their options. Commands load what they run only when they run. */
export function createProgram(): Command {
  const program = new Command('mtok')
    .description(SUMMARY)
    .version(versionText(), '-V, --version', 'print the version')
    .option('--verbose', 'print stack traces with errors')
    .helpOption('-h, --help', 'print help; with a command before it, of that command')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      outputError: () => undefined,
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    });
  for (const add of [
    addBench,
    addGenerate,
    addLogits,
    addAccuracy,
    addKernels,
    addTune,
    addModels,
    addReport,
    addHistory,
    addVerify,
    addSchema,
    addCompare,
    addCost,
    addPrices,
    addNoise,
    addImport,
    addDoctor,
  ]) {
    add(program);
  }
  return program;
}

function handleFailure(error: unknown, program: Command, argv: readonly string[]): number {
  const verbose = argv.includes('--verbose');
  if (!(error instanceof CommanderError)) return reportFailure(error, verbose);
  // Help that was asked for and the version end this way too; help shown for want of a command does not.
  if (error.exitCode === 0) return EXIT.ok;
  if (error.code === 'commander.help') return EXIT.usage;
  const message = shortened(error.message.replace(/^error: /, '').replace(/\s+/g, ' '));
  const command = program.commands.find((candidate) => argv.includes(candidate.name()));
  const help = command === undefined ? 'mtok --help' : `mtok ${command.name()} --help`;
  return reportFailure(usageError(message, `See ${help}.`), verbose);
}

/** Commander quotes arguments whole; both ends of its message say what they were. */
function shortened(message: string): string {
  return message.length <= 300 ? message : `${message.slice(0, 200)}...${message.slice(-97)}`;
}

function helpWidth(): number {
  return Math.min(110, process.stdout.columns ?? 110);
}
