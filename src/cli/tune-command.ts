import { operationsToTune } from '../../bench/kernels/tuned-operations.ts';
import { BenchError } from '../core/errors.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { chooseAdapter, realSurroundings } from '../hosts/node/choose-adapter.ts';
import { describeModel } from '../hosts/node/model-source.ts';
import { runTuning, tuningSurroundings } from '../hosts/node/run-tuning.ts';
import { tableText } from '../hosts/node/tuned-tables.ts';
import type { Tuning } from '../hosts/node/tuning-state.ts';
import type { ModelConfig } from '../model/config.ts';
import { EXIT } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { assertWritable, writeTextFile } from './output.ts';
import { type TuneArguments, type TuneOptions, tuneOptions } from './tune-options.ts';
import { TuneProgress } from './tune-progress.ts';
import { tuneJson, tuneText } from './tune-text.ts';

/** Runs `mtok tune` and returns its exit code. Throws `usage`, `model` and `io` before anything is tuned. */
export async function tuneCommand(argv: TuneArguments): Promise<number> {
  const options = tuneOptions(argv);
  const operations = await operationsOf(options);
  if (options.out !== null) await assertWritable(options.out);
  const cacheDir = defaultCacheDir();
  const adapter = await chooseAdapter(options.adapter, realSurroundings(cacheDir));
  const progress = new TuneProgress(process.stderr, operations);
  progress.begin(adapter.label, options.budgetSeconds);
  const { budgetSeconds, isForced } = options;
  const request = { operations, budgetMs: budgetSeconds * 1000, isForced, cacheDir };
  const surroundings = tuningSurroundings(cacheDir, adapter.env);
  let tuning: Tuning;
  try {
    tuning = await withInterrupt((signal) =>
      runTuning(request, surroundings, (message) => progress.show(message), signal),
    );
  } finally {
    progress.clear();
  }
  process.stdout.write(options.isJson ? tuneJson(tuning) : tuneText(tuning));
  if (options.out !== null) await writeTextFile(options.out, tableText(tuning.table));
  const places = [tuning.path, options.out].filter((path) => path !== null);
  for (const path of places) process.stderr.write(`Table: ${path}\n`);
  return tuning.outcomes.some(({ outcome }) => outcome.status === 'failed') ? EXIT.failed : EXIT.ok;
}

/** From the models' sizes alone: no weights are needed. */
async function operationsOf({ models, formats, kv, rows, contexts }: TuneOptions) {
  const configs: ModelConfig[] = [];
  for (const spec of models) {
    const { config, planningOnly } = await describeModel(spec);
    if (planningOnly) {
      throw new BenchError(
        'unsupported',
        `${spec} is for planning only: its layers are too large`,
        {
          hint: 'Tune for llama-3.1-8b or a smaller model.',
        },
      );
    }
    configs.push(config);
  }
  return operationsToTune({ configs, formats, kv, rows, contexts });
}
