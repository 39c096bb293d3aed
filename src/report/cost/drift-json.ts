import type { Departure, Drift, JudgedPoint } from '../../economics/drift/detect.ts';
import type { UnknownPoint } from '../../economics/drift/unit-cost.ts';

/** One answer of `mtok cost drift`. */
export interface ShownDrift {
  /** A file or a cell. */
  title: string;
  /** What costs are of: a million tokens, or the file's own unit. */
  unit: 'unit' | 'Mtok';
  drift: Drift;
  /** Points of unknown cost or noise. */
  unjudged: readonly UnknownPoint[];
  /** Whether the z of single points was the user's. */
  hasGivenZ: boolean;
  seed: number;
}

/** `last`: newest points to write; null is all. */
export function driftJson(shown: ShownDrift, last: number | null) {
  const { title, unit, drift, unjudged, seed } = shown;
  const { baseline, baselineUsdPerUnit, judged, z } = drift;
  return {
    of: title,
    unit,
    baseline: {
      from: baseline[0]?.at ?? null,
      to: baseline.at(-1)?.at ?? null,
      points: baseline.length,
      usdPerUnit: baselineUsdPerUnit,
    },
    z,
    alarm: alarmOf(judged.at(-1)),
    points: judged.slice(last === null ? 0 : -last).map((entry) => ({
      at: entry.point.at,
      source: entry.point.source,
      usdPerUnit: entry.usdPerUnit,
      alarm: alarmOf(entry),
      jump: departureJson(entry.jump),
      slow: departureJson(entry.slow),
    })),
    unjudged,
    seed,
  };
}

export type Alarm = 'jump' | 'slow' | 'both' | null;

export function alarmOf(entry: JudgedPoint | undefined): Alarm {
  if (entry === undefined) return null;
  const { jump, slow } = entry;
  if (jump.isAlarm && slow.isAlarm) return 'both';
  if (jump.isAlarm) return 'jump';
  return slow.isAlarm ? 'slow' : null;
}

function departureJson({ logChange, limit, terms, isAlarm, cause }: Departure) {
  return { logChange, ratio: Math.exp(logChange), limit, terms, isAlarm, cause };
}
