import { BenchError } from '../../core/errors.ts';
import { csvProblem, csvRequiredNumber, readCsv } from '../files/csv-table.ts';
import type { EngineStep } from './split-steps.ts';

const MOST_STEPS = 1_000_000;
const MOST_TOKENS = 1e9;

/**
 * Steps of a server from a CSV with the columns `step_ms`, `prefill_tokens` and `decode_tokens`, in the order in which
 * they ran; others are ignored. Throws `usage` with file, line and column.
 */
export function readEngineSteps(text: string, file: string): EngineStep[] {
  const table = readCsv(text, file, ['step_ms', 'prefill_tokens', 'decode_tokens']);
  if (table.rows.length > MOST_STEPS) {
    throw new BenchError(
      'usage',
      `${file} has ${table.rows.length} steps, expected at most ${MOST_STEPS}`,
    );
  }
  return table.rows.map((row) => {
    const count = (column: string) => csvRequiredNumber(table, row, column, { max: MOST_TOKENS });
    const milliseconds = csvRequiredNumber(table, row, 'step_ms', { max: 1e9 });
    if (milliseconds === 0) throw csvProblem(table, row, 'step_ms', 'must be above 0');
    const [prefillTokens, decodeTokens] = [count('prefill_tokens'), count('decode_tokens')];
    if (prefillTokens + decodeTokens === 0) {
      throw csvProblem(table, row, 'prefill_tokens', 'and decode_tokens are both 0: no work');
    }
    return { seconds: milliseconds / 1000, prefillTokens, decodeTokens };
  });
}
