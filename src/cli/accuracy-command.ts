import { plainText } from '../report/format.ts';
import { type AccuracyArguments, type LogitsRun, planAccuracy } from './accuracy-options.ts';
import { type AccuracyResult, measureAccuracy } from './accuracy-run.ts';
import { accuracyTable } from './accuracy-table.ts';
import { EXIT, usageError } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { assertWritable, writeTextFile } from './output.ts';

/** Runs `mtok accuracy` and returns its exit code: 1 where a row has no result or fails a gate. */
export async function accuracyCommand(argv: AccuracyArguments): Promise<number> {
  const plan = planAccuracy(argv);
  const json = argv.json ?? null;
  if (json === '') throw usageError('--json names no file', 'Write --json FILE or --json -.');
  if (json !== null && json !== '-') await assertWritable(json);
  const result = await withInterrupt((signal) => measureAccuracy(plan, { signal, onRow }));
  (json === '-' ? process.stderr : process.stdout).write(accuracyTable(result));
  if (json !== null) {
    const text = `${JSON.stringify(accuracyJson(result), null, 2)}\n`;
    if (json === '-') process.stdout.write(text);
    else await writeTextFile(json, text);
  }
  const isAllRight = result.rows.every(({ status, problems }) => status === 'ok' && !problems[0]);
  return isAllRight ? EXIT.ok : EXIT.failed;
}

/** What scripts get. */
function accuracyJson({ plan, rows, ...result }: AccuracyResult): unknown {
  const { against, baseline, gates, seed } = plan;
  const shown = rows.map(({ run: { backend, host, variant: asked, phase }, ...row }) => {
    return { backend, host, phase, asked, ...row };
  });
  return { schema: 1, ...result, against, baseline, gates, seed, rows: shown };
}

function onRow(index: number, count: number, { backend, variant, phase }: LogitsRun): void {
  if (!process.stderr.isTTY) return;
  const { weights, kv, activations } = variant;
  const what = `${weights} ${kv} ${activations} ${backend} ${phase}`;
  process.stderr.write(`${index + 1}/${count}  ${plainText(what)}\n`);
}
