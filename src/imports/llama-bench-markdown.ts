import type { ImportedRun } from '../core/import-record.ts';
import { amountText, malformed, printable, readAs } from './fields.ts';
import { runOfRow } from './llama-bench-row.ts';

const RULE = /^[|\s:-]+$/;
const TEST = /^(?:pp(\d{1,9}))?\+?(?:tg(\d{1,9}))?(?:\s*@\s*d(\d{1,9}))?$/;
const RATE = /^(\d+(?:\.\d+)?)(?:\s*±\s*(\d+(?:\.\d+)?))?$/;
const BUILD = /^build:\s*([0-9a-f]{1,40})\s*\((\d{1,9})\)\s*$/m;
const MAX_ROWS = 100_000;

/** The line that heads llama-bench's table, whatever was printed before it; -1 where there is none. */
export function tableHeadLine(lines: readonly string[]): number {
  return lines.findIndex((line) => {
    const cells = cellsOf(line);
    return cells.includes('model') && cells.includes('test') && cells.includes('t/s');
  });
}

/** llama-bench's Markdown table: mean rates and their deviation, to two decimals. Throws `record`. */
export function importMarkdown(text: string, where: string): ImportedRun[] {
  const lines = text.split('\n');
  const head = tableHeadLine(lines);
  const names = cellsOf(lines[head] ?? '');
  const build = BUILD.exec(text);
  const runs: ImportedRun[] = [];
  for (const [i, line] of lines.entries()) {
    if (i <= head || !line.trimStart().startsWith('|') || RULE.test(line)) continue;
    const place = `${where}:${i + 1}`;
    const cells = cellsOf(line);
    if (cells.length !== names.length) {
      throw malformed(`${place} has ${cells.length} cells, expected ${names.length}: cut off?`);
    }
    const fields = Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']));
    runs.push(
      runOfRow(
        { ...rowFields(fields, place), build_commit: build?.[1], build_number: build?.[2] },
        'llama-bench-markdown',
        place,
      ),
    );
    if (runs.length > MAX_ROWS) throw malformed(`${where} has more than ${MAX_ROWS} rows`);
  }
  if (runs.length === 0) throw malformed(`${where} has a table of llama-bench without rows`);
  return runs;
}

/** A row of the table under the names of the other outputs. */
function rowFields(cells: Record<string, string>, where: string): Record<string, unknown> {
  const { model, backend, test = '', 't/s': rate = '', ...others } = cells;
  const tokens = TEST.exec(test);
  const speed = RATE.exec(rate);
  if (tokens === null || test === '') {
    throw malformed(`${where}: test is ${JSON.stringify(printable(test))}, expected pp64 or tg32`);
  }
  if (speed === null) {
    throw malformed(`${where}: t/s is ${JSON.stringify(printable(rate))}, expected 12.34 ± 0.56`);
  }
  return {
    ...others,
    model_type: model,
    backends: backend,
    n_prompt: Number(tokens[1] ?? 0),
    n_gen: Number(tokens[2] ?? 0),
    n_depth: Number(tokens[3] ?? 0),
    avg_ts: readAs(amountText, speed[1] ?? '', where),
    stddev_ts: speed[2] === undefined ? null : readAs(amountText, speed[2], where),
  };
}

function cellsOf(line: string): string[] {
  const row = /^\s*\|(.*)\|\s*$/.exec(line)?.[1];
  return row === undefined ? [] : row.split('|').map((cell) => cell.trim());
}
