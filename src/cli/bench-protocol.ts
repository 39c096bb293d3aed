import { PRESET_NAMES, type PresetName } from '../core/protocol-record.ts';
import { PRESETS, type RunProtocol, type StopProtocol } from '../measure/protocol.ts';
import type { BenchOptions } from './bench-options.ts';
import { usageError } from './failure.ts';
import { parseDecimal, parseInteger } from './numbers.ts';

/** Options that choose a preset or change it, as typed. */
export interface ProtocolArguments {
  preset?: string;
  launches?: string;
  maxLaunches?: string;
  halfWidth?: string;
  cellTime?: string;
  repetitions?: string;
  runAhead?: string;
  timeout?: string;
}

const MOST_LAUNCHES = 1000;

/** The preset with what was typed in its place. `--launches` alone fixes their number. Throws `usage`. */
export function stopProtocol(argv: ProtocolArguments): StopProtocol {
  const { preset, launches, launchesMax, halfWidthTarget, cellBudgetMs } =
    PRESETS[parsePreset(argv.preset)];
  const integer = (text: string | undefined, option: string) =>
    parseInteger(text, { option, min: 1, max: MOST_LAUNCHES });
  const fixed = integer(argv.launches, '--launches');
  const most = integer(argv.maxLaunches, '--max-launches');
  const percent = parseDecimal(argv.halfWidth, { option: '--half-width', min: 0.01, max: 100 });
  const seconds = parseDecimal(argv.cellTime, { option: '--cell-time', min: 1, max: 1_000_000 });
  const least = fixed ?? launches;
  if (most !== null && most < least) {
    throw usageError(
      `--max-launches ${most} is less than the ${least} launches that are made in any case`,
      'Give --launches too.',
    );
  }
  return {
    preset,
    overrides: overrides(argv),
    launches: least,
    launchesMax: most ?? fixed ?? launchesMax,
    halfWidthTarget: percent === null ? halfWidthTarget : percent / 100,
    cellBudgetMs: seconds === null ? cellBudgetMs : 1000 * seconds,
  };
}

/** How the cells of a command line are measured. */
export function protocolOf(options: BenchOptions): RunProtocol {
  const { stop, repetitions, runAheadSteps, profile, launchTimeoutSeconds } = options;
  const { launch, launchTimeoutMs } = PRESETS[stop.preset];
  const forced =
    repetitions === null
      ? {}
      : { repetitionsMin: repetitions, repetitionsMax: repetitions, decodeTokens: 0 };
  return {
    ...stop,
    launch: { ...launch, ...forced, runAheadSteps, profile },
    launchTimeoutMs:
      launchTimeoutSeconds === null ? launchTimeoutMs : Math.round(launchTimeoutSeconds * 1000),
  };
}

function parsePreset(text: string | undefined): PresetName {
  if (text === undefined) return 'quick';
  const preset = PRESET_NAMES.find((name) => name === text);
  if (preset !== undefined) return preset;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`--preset got ${shown}, expected one of ${PRESET_NAMES.join(', ')}`);
}

const CHANGES: readonly [keyof ProtocolArguments, string][] = [
  ['launches', '--launches'],
  ['maxLaunches', '--max-launches'],
  ['halfWidth', '--half-width'],
  ['cellTime', '--cell-time'],
  ['repetitions', '--repetitions'],
  ['runAhead', '--run-ahead'],
  ['timeout', '--timeout'],
];

function overrides(argv: ProtocolArguments): string[] {
  return CHANGES.flatMap(([name, option]) =>
    argv[name] === undefined ? [] : [`${option} ${argv[name]}`],
  );
}
