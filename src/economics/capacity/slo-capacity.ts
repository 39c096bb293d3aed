import { isKnown } from '../quantity.ts';
import { cheapestPoint } from './load-cost.ts';
import { type LoadCurve, servedShare } from './load-curve.ts';
import { type Judgement, judgePoint, type Slo } from './slo.ts';

/** A remark on a capacity: a stable word and one sentence. */
export interface CapacityFlag {
  code:
    | 'infeasible'
    | 'non-monotone'
    | 'clamped'
    | 'backlog'
    | 'served-unknown'
    | 'uncertain'
    | 'not-judged'
    | 'cheaper-below';
  message: string;
}

/** The largest measured load within an SLO. Places are indices into the curve's points. */
export interface SloCapacity {
  /** A place for each point. */
  judgements: readonly Judgement[];
  /** The answer; null where nothing passes. */
  best: number | null;
  /** Largest load up to which every measured load passes; null where the lowest does not. */
  contiguous: number | null;
  flags: readonly CapacityFlag[];
}

/** Served less than this of what was offered, a run had a queue that grew while it lasted. */
const LEAST_SERVED = 0.95;
/** Loads that a flag lists. */
const MOST_NAMED = 8;

/**
 * The largest load λ of a curve's points at which every limit of an SLO holds. Only measured points are judged. Where
 * a lower load fails (a cold start, an outlier in a tail), the answer is still the largest that passes, flagged
 * `non-monotone`, with the largest below the first failure beside it; `isContiguous` makes that one the answer.
 */
export function sloCapacity(curve: LoadCurve, slo: Slo, isContiguous = false): SloCapacity {
  const judgements = curve.points.map((point) => judgePoint(curve, point, slo));
  const passes = judgements.map(({ outcome }) => outcome === 'passes');
  const last = passes.lastIndexOf(true);
  const firstOther = passes.indexOf(false);
  const run = firstOther === -1 ? passes.length : firstOther;
  const contiguous = run === 0 ? null : run - 1;
  const largest = last === -1 ? null : last;
  const best = isContiguous ? contiguous : largest;
  const flags = flagsOf(curve, judgements, { best, largest, contiguous });
  return { judgements, best, contiguous, flags };
}

interface Places {
  best: number | null;
  largest: number | null;
  contiguous: number | null;
}

function flagsOf(
  curve: LoadCurve,
  judgements: readonly Judgement[],
  { best, largest, contiguous }: Places,
): CapacityFlag[] {
  const flags: CapacityFlag[] = [];
  const add = (code: CapacityFlag['code'], message: string) => flags.push({ code, message });
  const { points, loadUnit } = curve;
  const loads = (places: readonly number[]) => {
    const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : '';
    const named = places.slice(0, MOST_NAMED).map((i) => points[i]?.load);
    return `${named.join(', ')}${more}`;
  };
  if (largest !== null && largest !== contiguous) {
    const below = judgements.flatMap(({ outcome }, i) =>
      i < largest && outcome !== 'passes' ? [i] : [],
    );
    const other = contiguous === null ? 'no load' : `${points[contiguous]?.load}`;
    add(
      'non-monotone',
      `${below.length === 1 ? 'Load' : 'Loads'} ${loads(below)} ${below.length === 1 ? 'is' : 'are'} not within the SLO although ${points[largest]?.load} is: ` +
        `measure again. Below the first failure, ${other} passes.`,
    );
  }
  const unjudged = judgements.flatMap(({ outcome }, i) => (outcome === 'unknown' ? [i] : []));
  if (unjudged.length > 0) {
    add(
      'not-judged',
      `At load ${loads(unjudged)} a figure of the SLO is missing: taken as not passing.`,
    );
  }
  const point = best === null ? undefined : points[best];
  if (best === null || point === undefined) {
    add('infeasible', 'No measured load is within the SLO.');
    return flags;
  }
  if (best === points.length - 1) {
    add(
      'clamped',
      `${point.load} ${loadUnit} is the highest load measured: capacity may be larger, nothing is extended.`,
    );
  }
  const served = servedShare(curve, point);
  if (served !== null && served < LEAST_SERVED) {
    const rate = point.requestsPerSecond.value ?? Number.NaN;
    add(
      'backlog',
      `At load ${point.load} only ${rate.toPrecision(3)} requests/s were served: its queue grew while it was measured ` +
        'and a longer run would wait longer. Capacity is what was served; --min-served 0.95 leaves such loads out.',
    );
  }
  if (loadUnit === 'requests/s' && !isKnown(point.requestsPerSecond)) {
    add('served-unknown', 'Served requests are not in the file: taken as those offered.');
  }
  if (judgements[best]?.checks.some(({ isUncertain }) => isUncertain)) {
    add('uncertain', `At load ${point.load} the interval of repeated runs crosses a limit.`);
  }
  const cheapest = cheapestWithin(curve, judgements, best);
  if (cheapest !== best) {
    add(
      'cheaper-below',
      `Load ${points[cheapest]?.load} makes more tokens a second than ${point.load}, and so cheaper ones: ` +
        'past it the deployment is overloaded.',
    );
  }
  return flags;
}

/** The passing point with most tokens a second. */
function cheapestWithin(curve: LoadCurve, judgements: readonly Judgement[], best: number): number {
  const places = curve.points.flatMap((_, i) =>
    judgements[i]?.outcome === 'passes' && i <= best ? [i] : [],
  );
  const points = places.flatMap((i) => curve.points[i] ?? []);
  return places[cheapestPoint({ ...curve, points })] ?? best;
}
