import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { BenchError } from '../core/errors.ts';
import type { ImportedRun, ImportRecord } from '../core/import-record.ts';
import { checkSummary } from '../imports/aiperf-checks.ts';
import { importText } from '../imports/import-text.ts';
import { plainText } from '../report/format.ts';

/** A detailed result of ten thousand requests has some 100 MB. */
const MAX_FILE_BYTES = 256 * 2 ** 20;
const MAX_FILE_NAME = 200;

export interface ImportFile {
  folder: string;
  file: ImportRecord['file'];
  runs: ImportedRun[];
}

/**
 * Reads result files, each once however often it is named. Throws `io` for what cannot be read and `record` for
 * what is no result.
 */
export async function readImportFiles(paths: readonly string[]): Promise<ImportFile[]> {
  const files = new Map<string, ImportFile>();
  for (const path of paths) {
    const read = await readImportFile(path);
    if (!files.has(read.file.sha256)) files.set(read.file.sha256, read);
  }
  return checkSummaries([...files.values()]);
}

async function readImportFile(path: string): Promise<ImportFile> {
  const where = plainText(path);
  const bytes = await readBounded(path, where);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const name = plainText(basename(path)).slice(0, MAX_FILE_NAME);
  return {
    folder: dirname(resolve(path)),
    file: { name, bytes: bytes.length, sha256 },
    runs: importText(decode(bytes, where), where),
  };
}

async function readBounded(path: string, where: string): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new BenchError('io', `${where} is no file`);
    if (stats.size > MAX_FILE_BYTES) {
      throw new BenchError(
        'record',
        `${where} has ${stats.size} bytes, more than ${MAX_FILE_BYTES}`,
        {
          hint: 'Save the result without generated texts and details of each request.',
        },
      );
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new BenchError('io', `Cannot read ${where}: ${why}`, {
      hint: 'Give files that another tool wrote its results to.',
      cause,
    });
  }
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BenchError('record', `${where} is no text in UTF-8`, {
      hint: 'Give the text file that the other tool wrote.',
      cause,
    });
  }
}

/** AIPerf writes a summary and its requests into one folder: given together, the one is checked by the other. */
function checkSummaries(files: readonly ImportFile[]): ImportFile[] {
  const inFolder = (folder: string, format: ImportedRun['format']) =>
    files.filter((file) => file.folder === folder && file.runs[0]?.format === format);
  return files.map((file) => {
    const [summary] = file.runs;
    const [requests, another] = inFolder(file.folder, 'aiperf-requests');
    const isOnly = inFolder(file.folder, 'aiperf-aggregate').length === 1 && another === undefined;
    if (summary?.format !== 'aiperf-aggregate' || !requests?.runs[0] || !isOnly) return file;
    const checks = [...summary.checks, ...checkSummary(summary, requests.runs[0])];
    return { ...file, runs: [{ ...summary, checks }] };
  });
}
