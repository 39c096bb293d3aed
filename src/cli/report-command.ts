import { existsSync } from 'node:fs';
import { BenchError } from '../core/errors.ts';
import { withSessionFlags } from '../core/session-flags.ts';
import { renderImportDocument } from '../report/import-section.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { inReadingOrder, latestOfEachCell, recordsOfRun } from '../report/select-records.ts';
import { importsBeside, readImportRecords } from '../store/import-records.ts';
import { readStore, storePath } from '../store/jsonl.ts';
import { readSessionRecords, sessionStorePath } from '../store/session-records.ts';
import { usageError } from './failure.ts';
import { writeTextFile } from './output.ts';

/** Options of `mtok report` as typed. */
export interface ReportArguments {
  out?: string;
  run?: string;
  title?: string;
}

/** Runs `mtok report`. Throws `io` or `record` for a store that cannot be read or holds nothing to report. */
export async function reportCommand(store: string | null, options: ReportArguments): Promise<void> {
  const out = options.out ?? '-';
  if (out === '') throw usageError('--out names no file', 'Write --out report.md or --out -.');
  const path = storePath(store);
  const imported = await readImportRecords(importsBeside(path));
  if (!existsSync(path) && imported.records.length > 0) {
    return writeReport(out, renderImportDocument(imported.records, options.title));
  }
  if (!existsSync(path)) {
    throw new BenchError('io', `There is no store at ${path}`, {
      hint: 'Run mtok bench first, or name the folder or .jsonl file that it wrote to.',
    });
  }
  const { records, problems } = await readStore(path);
  const ofRun = options.run === undefined ? records : recordsOfRun(records, options.run);
  const sessions = await readSessionRecords(sessionStorePath(store));
  const chosen = withSessionFlags(inReadingOrder(latestOfEachCell(ofRun)), sessions.records);
  if (chosen.length === 0) {
    const runs = [...new Set(records.map(({ run }) => run))].slice(-5);
    throw new BenchError('record', `${path} has no records of what was asked for`, {
      hint: runs.length === 0 ? 'Run mtok bench first.' : `Its last runs: ${runs.join(', ')}.`,
    });
  }
  const superseded = ofRun.length - chosen.length;
  const remarks = [
    ...(superseded === 0
      ? []
      : [`${superseded} older records of cells that were measured again are left out.`]),
    ...problems.map(
      ({ line, reason }) => `Line ${line} of the store is no record and is left out: ${reason}.`,
    ),
    ...sessions.problems.map(
      ({ line, reason }) => `Line ${line} of its sessions is left out: ${reason}.`,
    ),
  ];
  const text = renderMarkdown(chosen, {
    title: options.title,
    storePath: path,
    remarks: [...remarks, ...imported.problems.map(importRemark)],
    imports: imported.records,
  });
  await writeReport(out, text);
}

async function writeReport(out: string, text: string): Promise<void> {
  if (out === '-') process.stdout.write(text);
  else await writeTextFile(out, text);
}

function importRemark({ line, reason }: { line: number; reason: string }): string {
  return `Line ${line} of the imported results is none and is left out: ${reason}.`;
}
