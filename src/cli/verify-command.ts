import { existsSync } from 'node:fs';
import { cellName } from '../core/cell-name.ts';
import type { Difference } from '../core/differences.ts';
import { BenchError } from '../core/errors.ts';
import type { BenchRecord } from '../core/record.ts';
import type { SessionRecord } from '../core/session-record.ts';
import { splitCost } from '../economics/token-cost.ts';
import { type Verification, verifyRecord } from '../measure/verify-record.ts';
import { verifySession } from '../measure/verify-session.ts';
import { plainText } from '../report/format.ts';
import { readStore, type StoreProblem, storePath } from '../store/jsonl.ts';
import { readSessionRecords, sessionStorePath } from '../store/session-records.ts';
import { EXIT } from './failure.ts';

/** More differences than this in one record follow from the first. */
const MOST_SHOWN = 20;

/**
 * Runs `mtok verify`. Returns 1 when a figure differs from what the samples give, or a line is no record; a
 * last line that was cut off counts as neither. Throws `io` and `record` for stores that cannot be read.
 */
export async function verifyCommand(stores: readonly string[]): Promise<number> {
  const paths = stores.length === 0 ? [storePath(null)] : stores.map((store) => storePath(store));
  let [verified, differing, unreadable] = [0, 0, 0];
  for (const path of paths) {
    if (!existsSync(path)) {
      throw new BenchError('io', `There is no store at ${path}`, {
        hint: 'Run mtok bench first, or name the folder or .jsonl file that it wrote to.',
      });
    }
    const { records, problems } = await readStore(path);
    for (const record of records) {
      const found = verifyRecord(record, splitCost);
      verified += 1;
      if (found.differences.length > 0) differing += 1;
      process.stdout.write(recordLines(record, found));
    }
    const sessions = await readSessionRecords(sessionStorePath(path));
    const runs = new Set(records.map(({ run }) => run));
    for (const session of sessions.records.filter(({ run }) => runs.has(run))) {
      const found = verifySession(session, records);
      verified += 1;
      if (found.length > 0) differing += 1;
      process.stdout.write(foundLines(sessionName(session), found));
    }
    const torn = [...problems, ...sessions.problems];
    unreadable += torn.filter(({ isTorn }) => !isTorn).length;
    for (const problem of torn) process.stdout.write(problemLine(problem));
  }
  process.stdout.write(
    `${verified} records verified, ${differing} differ, ${unreadable} lines are no records\n`,
  );
  return differing + unreadable === 0 ? EXIT.ok : EXIT.failed;
}

function recordLines(record: BenchRecord, found: Verification): string {
  const { differences, skipsBounds } = found;
  const name = `${plainText(record.id)}  ${plainText(cellName(record.cell))}`;
  const note = skipsBounds
    ? '  (bounds of intervals are by an earlier method, not compared)\n'
    : '';
  return differences.length === 0 ? `ok       ${name}\n${note}` : foundLines(name, differences);
}

function sessionName({ id, run, flags }: SessionRecord): string {
  const verdict = flags.some(({ code }) => code === 'session-invalid') ? 'invalid' : 'not doubted';
  return plainText(`${id}  session of run ${run}: ${verdict}`);
}

function foundLines(name: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return `ok       ${name}\n`;
  const shown = differences.slice(0, MOST_SHOWN).map(({ field, stored, recomputed }) => {
    return `  ${plainText(field)}: stored ${valueText(stored)}, from the samples ${valueText(recomputed)}\n`;
  });
  const more = differences.length - shown.length;
  return `DIFFERS  ${name}\n${shown.join('')}${more === 0 ? '' : `  and ${more} more\n`}`;
}

function problemLine({ path, line, reason }: StoreProblem): string {
  return `NO RECORD  ${path}:${line}: ${plainText(reason)}\n`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : plainText(JSON.stringify(value)).slice(0, 200);
}
