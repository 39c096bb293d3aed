import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { parseDay } from './day-option.ts';

/** Options of `mtok cost task` as typed. */
export interface CostTaskArguments {
  example?: true;
  store?: string;
  prices?: string[];
  day?: string;
  draws: string;
  seed?: string;
  json?: true;
}

export interface TaskRequest {
  file: string;
  store: string | null;
  prices: readonly string[];
  day: string;
  draws: number;
  seed: number;
}

const LEAST_DRAWS = 1000;

/** What a command line asks for. Throws `usage`. */
export function taskRequest(file: string | null, argv: CostTaskArguments): TaskRequest {
  if (file === null) {
    throw usageError(
      'cost task got no file',
      'Print one to start from: mtok cost task --example > unit.yaml',
    );
  }
  return {
    file,
    store: argv.store ?? null,
    prices: argv.prices ?? [],
    day: parseDay(argv.day, '--day'),
    draws: parseInteger(argv.draws, { option: '--draws', min: LEAST_DRAWS, max: 1e6 }) ?? 0,
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0,
  };
}
