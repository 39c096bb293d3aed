import { existsSync } from 'node:fs';
import { matchCells } from '../core/cell-pairs.ts';
import { type Selection, selectionText, selectRecords } from '../core/cell-selection.ts';
import { compareRecords } from '../core/compare-records.ts';
import { BenchError } from '../core/errors.ts';
import type { BenchRecord } from '../core/record.ts';
import { withSessionFlags } from '../core/session-flags.ts';
import { comparisonJson } from '../report/comparison-json.ts';
import { renderComparison, unmatchedText } from '../report/comparison-table.ts';
import type { ShownComparison } from '../report/shown-comparison.ts';
import { readStore, storePath } from '../store/jsonl.ts';
import { readSessionRecords, sessionStorePath } from '../store/session-records.ts';
import { type CompareArguments, type CompareOptions, compareOptions } from './compare-options.ts';
import { EXIT } from './failure.ts';
import { readNoise } from './noise-of-stores.ts';
import { assertWritable, writeTextFile } from './output.ts';

/**
 * Runs `mtok compare` and returns its exit code. Throws `usage`, `io` for a store that cannot be read, and
 * `record` where no cell of one side has its like on the other.
 */
export async function compareCommand(
  stores: readonly string[],
  argv: CompareArguments,
): Promise<number> {
  const options = compareOptions(stores, argv);
  const { json } = options;
  if (json !== null && json !== '-') await assertWritable(json);
  const comparison = await compareStores(options);
  const text = renderComparison(comparison);
  (json === '-' ? process.stderr : process.stdout).write(text);
  if (json !== null) {
    const document = `${JSON.stringify(comparisonJson(comparison), null, 2)}\n`;
    if (json === '-') process.stdout.write(document);
    else await writeTextFile(json, document);
  }
  return exitCode(comparison, options);
}

/** A gate passes only what it has seen: cells of A that B lacks fail it, though not as a regression. */
function exitCode({ rows, unmatched }: ShownComparison, { failOn }: CompareOptions): number {
  if (failOn.length === 0) return EXIT.ok;
  const withheld = rows.filter(({ withheldFor }) => withheldFor.length > 0).length;
  if (withheld > 0) process.stderr.write(withheldText(withheld, failOn));
  if (rows.some(({ verdict }) => failOn.includes(verdict))) return EXIT.regression;
  return rows.length === 0 || unmatched.some(({ side }) => side === 'A') ? EXIT.failed : EXIT.ok;
}

function withheldText(count: number, failOn: CompareOptions['failOn']): string {
  const verdicts = count === 1 ? '1 verdict is' : `${count} verdicts are`;
  const consequence = failOn.includes('AMBIGUOUS')
    ? 'which --fail-on ambiguous takes as a failure'
    : 'which does not fail the gate; --fail-on ambiguous would';
  return `mtok: ${verdicts} withheld for flags of the records, ${consequence}\n`;
}

async function compareStores(options: CompareOptions): Promise<ShownComparison> {
  const { compared, allowed, metrics, seed } = options;
  const [a, b] = [await side('A', options.a), await side('B', options.b)];
  const { pairs, unmatched } = matchCells(a.records, b.records, [...compared, ...allowed]);
  if (pairs.length === 0) {
    const [first] = unmatched;
    const keys = first?.nearest?.keys ?? [];
    throw new BenchError(
      'record',
      first === undefined ? 'There is nothing to compare' : unmatchedText(first),
      {
        hint:
          keys.length === 0
            ? 'mtok report lists what a store holds.'
            : `Allow that with --allow ${[...allowed, ...keys].join(',')}, or select other records with --a and --b.`,
      },
    );
  }
  const noise = await readNoise([options.a.store, options.b.store]);
  return {
    ...compareRecords({ pairs, metrics, noise, seed }),
    sides: { a: a.name, b: b.name },
    unmatched,
    unfinished: { a: a.unfinished, b: b.unfinished },
    noise,
    allowed,
  };
}

interface Side {
  name: string;
  records: BenchRecord[];
  unfinished: number;
}

async function side(
  label: string,
  { store, selection }: { store: string | null; selection: Selection },
): Promise<Side> {
  const path = storePath(store);
  if (!existsSync(path)) {
    throw new BenchError('io', `There is no store at ${path}`, {
      hint: 'Run mtok bench first, or name the folder or .jsonl file that it wrote to.',
    });
  }
  const content = await readStore(path);
  for (const { line, reason } of content.problems) {
    process.stderr.write(`mtok: ${path}:${line} is left out: ${reason}\n`);
  }
  const sessions = await readSessionRecords(sessionStorePath(store));
  for (const { path, line, reason } of sessions.problems) {
    process.stderr.write(`mtok: ${path}:${line} is left out: ${reason}\n`);
  }
  const known = withSessionFlags(content.records, sessions.records);
  const chosen = selectRecords(known, selection);
  const records = chosen.filter(({ outcome }) => outcome.status === 'ok');
  const text = selectionText(selection);
  const name = text === '' ? path : `${text} of ${path}`;
  if (records.length === 0) {
    throw new BenchError('record', `${label} has no finished records: ${name}`, {
      hint: 'mtok report lists what a store holds.',
    });
  }
  return { name, records, unfinished: chosen.length - records.length };
}
