import { randomUUID } from 'node:crypto';
import { BenchError } from '../core/errors.ts';
import type { ImportRecord } from '../core/import-record.ts';
import { importedCost } from '../economics/imported-cost.ts';
import { buildImportRecord } from '../imports/build-import-record.ts';
import { counted } from '../report/format.ts';
import { renderImportTable } from '../report/import-table.ts';
import { prepareStore } from '../store/append-line.ts';
import {
  appendImportRecords,
  importStorePath,
  readImportRecords,
} from '../store/import-records.ts';
import { type ImportFile, readImportFiles } from './import-files.ts';
import { parseDecimal } from './numbers.ts';

/** Options of `mtok import` as typed. */
export interface ImportArguments {
  out?: string;
  gpuPrice?: string;
  json?: boolean;
  dryRun?: boolean;
  strict?: boolean;
}

/**
 * Runs `mtok import`. Nothing is stored unless every file was read: throws `io` or `record` for the first that
 * was not. A file whose bytes were imported before is passed over. With `strict` it throws `record`, at the end and
 * nothing stored, where a figure computed again differs.
 */
export async function importCommand(
  paths: readonly string[],
  options: ImportArguments,
): Promise<void> {
  const price = parseDecimal(options.gpuPrice, { option: '--gpu-price', min: 0, max: 1e6 });
  const store = importStorePath(options.out ?? null);
  const files = await readImportFiles(paths);
  const known = await readImportRecords(store);
  const stored = new Set(known.records.map(({ file }) => file.sha256));
  const importedAt = new Date().toISOString();
  const recordsOf = ({ file, runs }: ImportFile) =>
    runs.map((run) =>
      buildImportRecord({
        id: randomUUID(),
        importedAt,
        file,
        run,
        cost: importedCost(run, price),
      }),
    );
  const records = files.flatMap(recordsOf);
  const fresh = records.filter(({ file }) => !stored.has(file.sha256));
  process.stdout.write(
    options.json ? `${JSON.stringify(records, null, 2)}\n` : renderImportTable(records),
  );
  if (options.strict) assertEqual(records);
  if (!options.dryRun && fresh.length > 0) {
    await prepareStore(store);
    await appendImportRecords(store, fresh);
  }
  process.stderr.write(outcomeText(records, fresh, options.dryRun === true, store));
}

/** Throws `record` where a figure that was computed again is not what its file states. */
function assertEqual(records: readonly ImportRecord[]): void {
  const checks = records.flatMap(({ run }) => run.checks);
  const differing = checks.filter(({ isEqual }) => !isEqual);
  if (differing.length === 0) return;
  const verb = differing.length === 1 ? 'differs' : 'differ';
  throw new BenchError(
    'record',
    `${differing.length} of ${counted(checks.length, 'figure')} ${verb} from what the files' own data come to`,
    { hint: 'The table names them behind DIFFERS. Without --strict they are a remark.' },
  );
}

function outcomeText(
  records: readonly ImportRecord[],
  fresh: readonly ImportRecord[],
  isDryRun: boolean,
  store: string,
): string {
  const old = records.length - fresh.length;
  const passedOver = old === 0 ? '' : `; ${counted(old, 'result')} stored before`;
  const verb = isDryRun ? 'Would import' : 'Imported';
  return `${verb} ${counted(fresh.length, 'result')} into ${store}${passedOver}\n`;
}
