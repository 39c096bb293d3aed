import { failedLaunches, isChanged } from './canary.ts';
import { cellName } from './cell-name.ts';
import type { BenchRecord, Flag, Launch } from './record.ts';
import type { Canary, CanaryChange, SessionClocks, SessionRecord } from './session-record.ts';

/** A launch whose clock never came to this share of the highest that the session saw was held down. */
const LOWERED_CLOCK = 0.75;
/** A canary that cannot see a change of this size leaves the session unwatched in truth. */
const BLIND_LIMIT = 0.1;
/** More launches than this with clocks held down leave a session without a verdict. */
const MOST_LOWERED = 0.2;
/** Reasons for lower clocks that are settings or idleness, not trouble. */
const HARMLESS = ['gpu-idle', 'applications-clocks-setting', 'display-clock-setting'];

/** Reasons for which a GPU's clocks were held down that are trouble. */
export function harmfulReasons(reasons: readonly string[]): string[] {
  return reasons.filter((reason) => !HARMLESS.includes(reason));
}

/**
 * Counts the launches whose SM clock never came to 75 % of the highest that any launch on a GPU of that name reached,
 * while the driver named a reason for lower clocks that is trouble. The middle of a launch's clocks would not do: a GPU
 * that waits while its host loads a model has low ones without any trouble.
 */
export function sessionClocks(launches: readonly Launch[]): SessionClocks {
  const known = launches.flatMap(({ environment }) => {
    const gpu = environment?.gpu;
    return gpu?.smClockMhz ? [{ ...gpu, clock: gpu.smClockMhz }] : [];
  });
  const highest = new Map<string, number>();
  for (const { name, clock } of known)
    highest.set(name, Math.max(clock.max, highest.get(name) ?? 0));
  const lowered = known.filter(
    ({ name, clock, throttleReasons }) =>
      clock.max < LOWERED_CLOCK * (highest.get(name) ?? 0) &&
      harmfulReasons(throttleReasons).length > 0,
  );
  return { launches: known.length, lowered: lowered.length };
}

/** What a session's canary and clocks say against all of its records. */
export function sessionFlags({
  canary,
  clocks,
  cancelled,
}: Pick<SessionRecord, 'canary' | 'clocks' | 'cancelled'>): Flag[] {
  return [
    ...(canary === null ? [] : canaryFlags(canary, cancelled)),
    ...(clocks.lowered > MOST_LOWERED * clocks.launches ? [loweredFlag(clocks)] : []),
  ];
}

function canaryFlags(canary: Canary, cancelled: boolean): Flag[] {
  const changed = canary.changes.filter(isChanged);
  const [failed] = failedLaunches(canary);
  const hasEnd = canary.launches.some(({ moment }) => moment === 'end');
  return [
    ...(changed.length === 0 ? blindFlags(canary) : [changedFlag(canary, changed)]),
    ...(failed === undefined
      ? []
      : [
          {
            code: 'canary-failed',
            field: null,
            message:
              `The session's canary (${cellName(canary.cell)}) failed at its ${failed.moment}: ` +
              `${failed.error?.message ?? 'no reason is known'}`,
            hint:
              failed.error?.hint ??
              'Whether the machine changed meanwhile is known in part or not at all.',
          },
        ]),
    ...(hasEnd || !cancelled
      ? []
      : [
          {
            code: 'canary-incomplete',
            field: null,
            message:
              "The session was interrupted before its canary's last launch; a later change would not be seen.",
            hint: 'Measure again to the end to know.',
          },
        ]),
  ];
}

/** No change was seen, but launches scatter so widely that one could hide. */
function blindFlags({ changes }: Canary): Flag[] {
  const widest = Math.max(0, ...changes.map(({ limit }) => limit));
  if (widest <= BLIND_LIMIT) return [];
  return [
    {
      code: 'canary-blind',
      field: null,
      message: `Launches scatter so widely that the session's canary would miss a change below ${(100 * widest).toFixed(0)} %.`,
      hint: 'Quiet the machine, use more launches or more cells on one engine, or longer workloads.',
    },
  ];
}

function changedFlag({ cell }: Canary, changed: readonly CanaryChange[]): Flag {
  const parts = changed.map(({ phase, from, to, timeRatio, limit }) => {
    const percent = 100 * (Math.max(timeRatio, 1 / timeRatio) - 1);
    const direction = timeRatio > 1 ? 'slower' : 'faster';
    return `${phase} ${percent.toFixed(1)} % ${direction} from ${from} to ${to} (limit ${(100 * limit).toFixed(1)} %)`;
  });
  return {
    code: 'session-invalid',
    field: null,
    message: `The machine changed during the session: its canary, ${cellName(cell)}, ran ${parts.join(', ')}.`,
    hint: 'Measure again on a machine that is idle and warm; what took turns within the session was changed alike.',
  };
}

function loweredFlag({ launches, lowered }: SessionClocks): Flag {
  return {
    code: 'session-invalid',
    field: null,
    message:
      `The GPU held its clocks below ${100 * LOWERED_CLOCK} % of the highest seen in ${lowered} of the session's ` +
      `${launches} launches, more than ${100 * MOST_LOWERED} %.`,
    hint: 'Let it cool, raise its power limit, or lock its clocks, and measure again.',
  };
}

/** The name under which a record's provenance says that its session has a canary. */
export const CANARY_PROVENANCE = 'canary';

/** The session record of a run; the newest, were there several. */
function sessionOf(run: string, sessions: readonly SessionRecord[]): SessionRecord | undefined {
  return sessions.findLast((session) => session.run === run);
}

/**
 * Why no verdict may rest on records of this run, as one sentence; null where nothing is known against it. Sessions
 * without a record of their own, such as all that were measured before there were any, are not doubted.
 */
export function sessionProblem(run: string, sessions: readonly SessionRecord[]): string | null {
  const invalid = sessionOf(run, sessions)?.flags.find(({ code }) => code === 'session-invalid');
  return invalid?.message ?? null;
}

/** The records, each with the flags of its session behind its own. */
export function withSessionFlags(
  records: readonly BenchRecord[],
  sessions: readonly SessionRecord[],
): BenchRecord[] {
  return records.map((record) => {
    const session = sessionOf(record.run, sessions);
    const isMissing = session === undefined && record.provenance[CANARY_PROVENANCE] === true;
    const flags = session?.flags ?? (isMissing ? [MISSING] : []);
    return flags.length === 0 ? record : { ...record, flags: [...record.flags, ...flags] };
  });
}

const MISSING: Flag = {
  code: 'session-unknown',
  field: null,
  message:
    "The session's canary has no record: the session was killed, still runs, or its file was left behind.",
  hint: 'Keep sessions.jsonl beside records.jsonl, or measure again.',
};
