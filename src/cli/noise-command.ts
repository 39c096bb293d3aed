import { randomUUID } from 'node:crypto';
import { cellName } from '../core/cell-name.ts';
import type { NoiseRecord } from '../core/noise-record.ts';
import type { BenchRecord } from '../core/record.ts';
import { noiseRecord, twins } from '../measure/noise.ts';
import type { ProgressEvent } from '../measure/progress.ts';
import { softwareCaveat } from '../report/caveats.ts';
import { renderNoise } from '../report/noise-table.ts';
import { shellWord } from '../report/shell-word.ts';
import { prepareStore } from '../store/append-line.ts';
import { appendNoiseRecord, noiseStorePath } from '../store/noise-records.ts';
import { type BenchArguments, benchOptions } from './bench-command.ts';
import { planBench, runBench } from './bench-run.ts';
import { EXIT } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { assertWritable, writeTextFile } from './output.ts';
import { ProgressDisplay } from './progress.ts';

/** As many as the launches of a comparison that one would publish. */
const NOISE_LAUNCHES = 10;
/** Noise is the machine's and the engine's; one format stands for all unless others are asked for. */
const NOISE_VARIANT = 'f16';

/** Runs `mtok noise` and returns its exit code. Throws `usage` and `io` before anything is measured. */
export async function noiseCommand(argv: BenchArguments): Promise<number> {
  const options = benchOptions({
    launches: `${NOISE_LAUNCHES}`,
    variant: NOISE_VARIANT,
    roofline: false,
    ...argv,
  });
  const path = noiseStorePath(options.out);
  const json = argv.json ?? null;
  if (argv.dryRun === true) {
    const { cells } = await planBench(options);
    const lines = cells.map(
      (cell) => `${cellName(cell)}, twice × ${options.stop.launches} launches`,
    );
    process.stdout.write(`${lines.join('\n')}\nnoise floors would go to ${path}\n`);
    return EXIT.ok;
  }
  await prepareStore(path);
  if (json !== null && json !== '-') await assertWritable(json);
  const display = new ProgressDisplay(process.stderr);
  const onProgress = (event: ProgressEvent) =>
    display.show(event.type === 'plan' ? { ...event, storePath: path } : event);
  const command = ['mtok', ...process.argv.slice(2)].map(shellWord).join(' ');
  const keeper = new TwinKeeper(path);
  const outcome = await withInterrupt((signal) =>
    runBench(options, { onProgress, signal, command, twice: (record) => keeper.keep(record) }),
  );
  display.clear();

  const caveat = softwareCaveat(outcome.records);
  const text = `${caveat === null ? '' : `${caveat}\n`}${renderNoise(keeper.kept)}`;
  (json === '-' ? process.stderr : process.stdout).write(text);
  if (json !== null) {
    const document = `${JSON.stringify(keeper.kept, null, 2)}\n`;
    if (json === '-') process.stdout.write(document);
    else await writeTextFile(json, document);
  }
  process.stderr.write(`Noise floors: ${path}\n`);
  return outcome.cancelled ? EXIT.interrupted : outcome.exitCode;
}

/** Stores a noise record as soon as both measurements of its cell are there. */
class TwinKeeper {
  readonly kept: NoiseRecord[] = [];
  readonly #path: string;
  #waiting: BenchRecord[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async keep(record: BenchRecord): Promise<void> {
    this.#waiting.push(record);
    const [pair] = twins(this.#waiting);
    if (pair === undefined) return;
    this.#waiting = this.#waiting.filter((other) => !pair.includes(other));
    const identity = { id: randomUUID(), createdAt: record.createdAt };
    const noise = noiseRecord(...pair, identity);
    if (noise === null) return;
    await appendNoiseRecord(this.#path, noise);
    this.kept.push(noise);
  }
}
