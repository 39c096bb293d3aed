import type { DeviceInfo } from '../core/device.ts';
import type { LaunchEnvironment } from '../core/environment.ts';
import type { Flag, Launch } from '../core/record.ts';
import { harmfulReasons } from '../core/session-flags.ts';

/** Shares of all processors' time from which on a launch was not alone, and was not served. */
const MOST_OTHERS = 0.1;
const MOST_STOLEN = 0.02;

/** What went on around the launches that may have disturbed them. */
export function environmentFlags(launches: readonly Launch[], device: DeviceInfo): Flag[] {
  const known = launches.flatMap(({ environment }) => environment ?? []);
  const [first] = known;
  if (first === undefined) return [];
  return [
    ...throttleFlags(known),
    ...(device.kind === 'gpu' ? clockFlags(known) : []),
    ...processorFlags(known),
  ];
}

function throttleFlags(launches: readonly LaunchEnvironment[]): Flag[] {
  const reasons = new Set(launches.flatMap(({ gpu }) => gpu?.throttleReasons ?? []));
  const harmful = harmfulReasons([...reasons]).sort();
  if (harmful.length === 0) return [];
  return [
    {
      code: 'clocks-throttled',
      field: null,
      message: `The GPU held its clocks down for: ${harmful.join(', ')}.`,
      hint: 'Let it cool, raise its power limit, or lock its clocks; the launches of the record have them.',
    },
  ];
}

function clockFlags(launches: readonly LaunchEnvironment[]): Flag[] {
  const reason = launches.find(({ gpu }) => gpu === null)?.gpuReason ?? null;
  if (reason === null) return [];
  return [{ code: 'clocks-unknown', field: 'environment.gpu', message: reason }];
}

function processorFlags(launches: readonly LaunchEnvironment[]): Flag[] {
  const processors = launches.flatMap(({ processor }) => processor ?? []);
  const flags: Flag[] = [];
  if (processors.some(({ others }) => (others ?? 0) > MOST_OTHERS)) {
    flags.push({
      code: 'other-load',
      field: null,
      message: `Other programs took more than ${100 * MOST_OTHERS} % of the processors' time during a launch.`,
      hint: 'Measure again on an idle machine; the launches of the record have the shares.',
    });
  }
  if (processors.some(({ stolen }) => stolen > MOST_STOLEN)) {
    flags.push({
      code: 'cpu-steal',
      field: null,
      message: `The hypervisor withheld more than ${100 * MOST_STOLEN} % of the processors' time during a launch.`,
      hint: 'Use a machine with processors of its own.',
    });
  }
  return flags;
}
