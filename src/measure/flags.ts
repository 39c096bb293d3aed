import type { Cell } from '../core/cell.ts';
import type { Profile } from '../core/profile.ts';
import { samplesNeeded } from '../core/quantile.ts';
import type { Cost, Flag } from '../core/record.ts';
import type { IntervalMethod } from '../core/statistics.ts';
import type { LaunchResult } from './launch.ts';
import type { RunProtocol } from './protocol.ts';
import { type Decode, type Load, type Memory, MIN_QUANTA, type Summary } from './summarise.ts';

/** A cached model is opened in less; more than this was spent packing. */
const PACKED_NOW_MS = 1;

/** Flags that hold for what ran, whatever came out. Messages are alike across cells, so that tables can gather them. */
export function conditionFlags(cell: Cell, results: readonly LaunchResult[]): Flag[] {
  const [result] = results;
  if (result === undefined) return [];
  const flags: Flag[] = [];
  if (result.device.kind === 'software') {
    flags.push({
      code: 'software-adapter',
      field: null,
      message: `${result.device.name} computes on the processor; these timings are not a GPU's.`,
      hint: 'Run on a machine with a GPU; mtok doctor lists the adapters found.',
    });
  }
  for (const part of ['kv', 'activations'] as const) {
    if (cell.variant[part] !== 'auto') continue;
    flags.push({
      code: 'format-chosen',
      field: `cell.variant.${part}`,
      message: `${result.backend} chose ${result.variant[part]} for ${part === 'kv' ? 'the KV cache' : 'activations'}.`,
      hint: `Ask for another with --${part}.`,
    });
  }
  if (results.some(({ warmupConverged }) => !warmupConverged)) {
    flags.push({
      code: 'warmup-not-converged',
      field: null,
      message: 'Passes still got faster, or were too few to tell, when the warm-up time was over.',
    });
  }
  if (results.some(({ launch }) => (launch.load.packMs ?? 0) > PACKED_NOW_MS)) {
    flags.push({
      code: 'packed-now',
      field: 'load.packMs',
      message:
        'A launch packed the weights; others found them in the cache. Each launch has its own.',
    });
  }
  return flags;
}

/** How the intervals came about, where that limits them. */
export function intervalFlags(methods: readonly IntervalMethod[], launches: number): Flag[] {
  if (methods.includes('none')) {
    const message =
      launches < 3
        ? 'Fewer than 3 launches give no interval: repetitions share what made their launch fast or slow.'
        : 'No interval: a launch was too fast for its clock.';
    return [{ code: 'no-interval', field: null, message, hint: 'Use --launches 6.' }];
  }
  if (!methods.includes('t-log')) return [];
  return [
    {
      code: 'low-n',
      field: null,
      message: `${launches} launches: intervals are Student's t on the logarithm of time, and wide.`,
      hint: 'Use --launches 6 for intervals by bootstrap.',
    },
  ];
}

/** p95 and p99 need a sample that can bound them. */
export function percentileFlags(decode: Decode): Flag[] {
  if (decode.tpotMs.p50 === null) {
    return [
      {
        code: 'below-timer-resolution',
        field: 'decode.tpotMs',
        message: `A decode step is shorter than ${MIN_QUANTA} steps of the host's clock; its percentiles are withheld.`,
        hint: 'The throughput is timed over the whole decode. In a browser, isolate the page for a finer clock.',
      },
    ];
  }
  const withheld = (name: 'p95' | 'p99', p: number): Flag[] =>
    decode.tpotMs[name] !== null
      ? []
      : [
          {
            code: `${name}-withheld`,
            field: `decode.tpotMs.${name}`,
            message: `${name} needs at least ${samplesNeeded(p)} decode steps over all launches.`,
            hint: 'Generate more with -n, or use more launches.',
          },
        ];
  return [...withheld('p95', 0.95), ...withheld('p99', 0.99)];
}

/** Why there is no throughput with run-ahead; `ran` is how many steps ahead the launches went. */
export function runAheadFlags(
  cell: Cell,
  decode: Decode,
  { launch }: RunProtocol,
  ran: number,
): Flag[] {
  if (decode.runAhead !== null) return [];
  const flag = (code: string, message: string, hint?: string): Flag[] => [
    { code, field: 'decode.runAhead', message, hint },
  ];
  if (launch.runAheadSteps === 1) {
    return flag('no-run-ahead', 'Run-ahead was turned off.', 'Give --run-ahead 8.');
  }
  return ran === 1
    ? flag('no-run-ahead', `${cell.backend} waits for every token before it starts the next step.`)
    : flag(
        'below-timer-resolution',
        `The decode with run-ahead is shorter than ${MIN_QUANTA} steps of the host's clock.`,
      );
}

/** Why a profile that was asked for is missing. */
export function profileFlags(
  { backend }: Cell,
  profile: Profile | null,
  { launch }: RunProtocol,
): Flag[] {
  if (profile !== null || !launch.profile) return [];
  const message = `${backend} does not let its steps be taken apart.`;
  return [{ code: 'no-profile', field: 'profile', message }];
}

/** Timed sections that are short against the clock's step, whose figures are withheld. */
export function timerFlags(field: 'prefill' | 'decode', summary: Summary<unknown>): Flag[] {
  if (summary.value !== null) return [];
  return [
    {
      code: 'below-timer-resolution',
      field,
      message: `The ${field} is shorter than ${MIN_QUANTA} steps of the host's clock; its figures are withheld.`,
      hint: field === 'prefill' ? 'Use a longer prompt (-p).' : 'Generate more tokens (-n).',
    },
  ];
}

const MEMORY_NAMES = {
  weightsBytes: 'the bytes of the weights',
  kvCacheBytes: 'the bytes of the KV cache',
  activationBytes: 'the bytes of activations',
  stagingBytes: 'the bytes of staging buffers',
  peakGpuBytes: "the device's peak bytes",
  peakRssBytes: "the process's peak bytes",
} satisfies Record<keyof Memory, string>;

/** One flag for each memory figure that this engine or host does not show. */
export function memoryFlags(cell: Cell, memory: Memory): Flag[] {
  const names = Object.entries(MEMORY_NAMES) as [keyof Memory, string][];
  return names
    .filter(([key]) => memory[key] === null)
    .map(([key, what]) => ({
      code: 'memory-unknown',
      field: `memory.${key}`,
      message: `${cell.backend} in ${cell.host} does not show ${what}.`,
    }));
}

const LOAD_NAMES = {
  readMs: 'reading',
  packMs: 'packing',
  compileMs: 'compiling',
  uploadMs: 'uploading',
  firstRunMs: 'the first run',
} satisfies Record<keyof Load, string>;

/** One flag for each part of the load that an engine does not time apart. */
export function loadFlags(cell: Cell, load: Load): Flag[] {
  const names = Object.entries(LOAD_NAMES) as [keyof Load, string][];
  return names
    .filter(([key]) => load[key] === null)
    .map(([key, what]) => ({
      code: 'load-unknown',
      field: `load.${key}`,
      message: `${cell.backend} does not show the time of ${what}.`,
    }));
}

/** Prices that are missing because their throughput is. */
export function costFlags(cost: Cost | null): Flag[] {
  if (cost === null) return [];
  const missing: Flag[] = [];
  if (cost.inputUsdPerMtok === null) {
    const message = 'Without a prefill throughput input tokens have no price.';
    missing.push(notMeasured('cost.inputUsdPerMtok', message));
  }
  if (cost.outputUsdPerMtok === null) {
    const message = 'Without a decode throughput output tokens have no price.';
    missing.push(notMeasured('cost.outputUsdPerMtok', message));
  }
  return missing;
}

export function notMeasured(field: string | null, message: string, hint?: string): Flag {
  return { code: 'not-measured', field, message, hint };
}
