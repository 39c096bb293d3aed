import type { KernelRecord } from '../core/kernel-record.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { chooseAdapter } from '../hosts/node/choose-adapter.ts';
import { nodeProvenance } from '../hosts/node/provenance.ts';
import { runTask } from '../hosts/node/spawn.ts';
import { renderKernelTable } from '../report/kernel-table.ts';
import { shellWord } from '../report/shell-word.ts';
import { renderValidation } from '../report/validation-table.ts';
import { prepareStore } from '../store/append-line.ts';
import { appendKernelRecord, kernelStorePath } from '../store/kernel-records.ts';
import { EXIT } from './failure.ts';
import { isInterruption, withInterrupt } from './interrupt.ts';
import { type KernelsArguments, kernelsOptions } from './kernels-options.ts';
import { KernelsProgress } from './kernels-progress.ts';
import { KernelsRun } from './kernels-run.ts';
import { assertWritable, writeTextFile } from './output.ts';

/** Runs `mtok kernels` and returns its exit code. Throws `usage` and `io` before anything runs. */
export async function kernelsCommand(argv: KernelsArguments): Promise<number> {
  const options = kernelsOptions(argv);
  const { json } = options;
  if (json !== null && json !== '-') await assertWritable(json);
  const path = kernelStorePath(options.out);
  await prepareStore(path);
  const adapter = await chooseAdapter(options.adapter);
  const progress = new KernelsProgress(process.stderr);
  progress.start(adapter.label, path);
  const command = ['mtok', ...process.argv.slice(2)].map(shellWord).join(' ');
  const provenance = { command, ...(await nodeProvenance()) };

  const { records, failure } = await withInterrupt(async (signal) => {
    const run = new KernelsRun(options, {
      runPhase: (input, onMessage) =>
        runTask({ type: 'kernels', input }, { env: adapter.env, signal, onMessage }),
      append: (record) => appendKernelRecord(path, record),
      provenance,
      cacheDir: defaultCacheDir(),
      onMessage: (message) => progress.show(message),
      now: () => performance.now(),
    });
    return run.execute().then(
      () => ({ records: run.records, failure: null }),
      (error: unknown) => ({ records: run.records, failure: { error } }),
    );
  });
  progress.clear();

  if (records.length > 0) {
    await write(records, json);
    process.stderr.write(`Records: ${path}\n`);
  }
  if (failure === null) return records.some(isFailed) ? EXIT.failed : EXIT.ok;
  if (isInterruption(failure.error)) return EXIT.interrupted;
  throw failure.error;
}

/** Tables on stdout, or on stderr where stdout has the JSON. */
async function write(records: readonly KernelRecord[], json: string | null): Promise<void> {
  const validations = records.filter((record) => record.kind === 'kernel-validation');
  const timings = records.filter((record) => record.kind === 'kernel');
  const tables = [
    ...(validations.length > 0 ? [renderValidation(validations)] : []),
    ...(timings.length > 0 ? [renderKernelTable(timings)] : []),
  ].join('\n');
  (json === '-' ? process.stderr : process.stdout).write(tables);
  if (json === null) return;
  const text = `${JSON.stringify(records, null, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else await writeTextFile(json, text);
}

/** A wrong kernel, or an operation that one side failed at; what was left out is no failure. */
function isFailed(record: KernelRecord): boolean {
  if (record.kind === 'kernel-validation') {
    return record.kernels.some(({ failures }) => failures.length > 0);
  }
  const outcomes = [record.outcome, ...record.contenders.map(({ outcome }) => outcome)];
  return outcomes.some(({ status }) => status === 'failed');
}
