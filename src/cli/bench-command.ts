import { cellName } from '../core/cell-name.ts';
import { DEFAULT_SWEEP } from '../core/plan.ts';
import { DEFAULT_PROTOCOL } from '../measure/protocol.ts';
import { MOST_RUN_AHEAD } from '../model/decoder/buffers.ts';
import { benchJson } from '../report/bench-json.ts';
import { counted } from '../report/format.ts';
import { shellWord } from '../report/shell-word.ts';
import { renderTable } from '../report/table.ts';
import type { BenchOptions, BenchPlan } from './bench-options.ts';
import { type ProtocolArguments, stopProtocol } from './bench-protocol.ts';
import { planBench, runBench } from './bench-run.ts';
import { EXIT, usageError } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { parseDecimal, parseInteger } from './numbers.ts';
import { assertWritable, writeTextFile } from './output.ts';
import { ProgressDisplay } from './progress.ts';

/** Options of `mtok bench` as typed, before any check. */
export interface BenchArguments extends ProtocolArguments {
  model?: string[];
  backend?: string;
  variant?: string;
  kv?: string;
  activations?: string;
  host?: string;
  promptTokens?: string;
  generateTokens?: string;
  depth?: string;
  batch?: string;
  profile?: boolean;
  roofline?: boolean;
  adapter?: string;
  gpuPrice?: string;
  json?: string;
  out?: string;
  canary?: boolean;
  resume?: boolean;
  dryRun?: boolean;
  seed?: string;
}

const DEFAULT_SEED = 42;

/** Runs `mtok bench` and returns its exit code. Throws `usage` and `io` before anything is measured. */
export async function benchCommand(argv: BenchArguments): Promise<number> {
  const options = benchOptions(argv);
  const json = argv.json ?? null;
  if (argv.dryRun === true) {
    process.stdout.write(describePlan(await planBench(options), options, json === '-'));
    return EXIT.ok;
  }
  if (json !== null && json !== '-') await assertWritable(json);
  const display = new ProgressDisplay(process.stderr);
  const onProgress = display.show.bind(display);
  const command = ['mtok', ...process.argv.slice(2)].map(shellWord).join(' ');
  const outcome = await withInterrupt((signal) =>
    runBench(options, { onProgress, signal, command }),
  );
  display.clear();

  const table = renderTable(outcome.records);
  (json === '-' ? process.stderr : process.stdout).write(table);
  if (json !== null) {
    const text = `${JSON.stringify(benchJson(outcome.records), null, 2)}\n`;
    if (json === '-') process.stdout.write(text);
    else await writeTextFile(json, text);
  }
  process.stderr.write(
    `Records: ${outcome.storePath}\nA document of them: mtok report ${outcome.storePath} --out report.md\n`,
  );
  return outcome.cancelled ? EXIT.interrupted : outcome.exitCode;
}

/** Checks what was typed and fills in defaults. Throws `usage`. */
export function benchOptions(argv: BenchArguments): BenchOptions {
  if (argv.json === '') throw usageError('--json names no file', 'Write --json FILE or --json -.');
  return {
    models: argv.model ?? DEFAULT_SWEEP.models,
    backends: argv.backend ?? DEFAULT_SWEEP.backends,
    variants: argv.variant ?? DEFAULT_SWEEP.variants,
    kv: argv.kv ?? DEFAULT_SWEEP.kv,
    activations: argv.activations ?? DEFAULT_SWEEP.activations,
    hosts: argv.host ?? DEFAULT_SWEEP.hosts,
    prompt: argv.promptTokens ?? DEFAULT_SWEEP.prompt,
    generate: argv.generateTokens ?? DEFAULT_SWEEP.generate,
    depth: argv.depth ?? DEFAULT_SWEEP.depth,
    batch: argv.batch ?? DEFAULT_SWEEP.batch,
    stop: stopProtocol(argv),
    repetitions: parseInteger(argv.repetitions, { option: '--repetitions', min: 1, max: 10_000 }),
    runAheadSteps:
      parseInteger(argv.runAhead, { option: '--run-ahead', min: 1, max: MOST_RUN_AHEAD }) ??
      DEFAULT_PROTOCOL.launch.runAheadSteps,
    profile: argv.profile ?? false,
    roofline: argv.roofline ?? true,
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 32 - 1 }) ?? DEFAULT_SEED,
    gpuPriceUsdPerHour: parseDecimal(argv.gpuPrice, {
      option: '--gpu-price',
      min: 0,
      max: 1_000_000,
    }),
    adapter: argv.adapter ?? null,
    out: argv.out ?? null,
    canary: argv.canary ?? null,
    resume: argv.resume ?? false,
    launchTimeoutSeconds: parseDecimal(argv.timeout, {
      option: '--timeout',
      min: 1,
      max: 1_000_000,
    }),
  };
}

function describePlan(plan: BenchPlan, options: BenchOptions, asJson: boolean): string {
  if (asJson) return `${JSON.stringify(plan, null, 2)}\n`;
  const lines = plan.cells.map((cell, i) => `${String(i + 1).padStart(4)}  ${cellName(cell)}`);
  const { launches, launchesMax, preset } = options.stop;
  const processes = counted(launches * plan.cells.length, 'process');
  const orMore = launchesMax > launches ? ` or more, up to ${launchesMax} a cell` : '';
  return [
    ...lines,
    `${counted(plan.cells.length, 'cell')} × ${counted(launches, 'launch')} = ${processes}${orMore} (preset ${preset})`,
    ...(plan.canary ? ['and a canary: three short launches, at start, middle and end'] : []),
    `records would go to ${plan.storePath}`,
    '',
  ].join('\n');
}
