import { quantile, sortedQuantile } from '../core/quantile.ts';
import { Rng } from '../core/rng.ts';
import {
  between,
  exact,
  isKnown,
  isUncertain,
  type Known,
  type Quantity,
  unknown,
} from './quantity.ts';
import { samplerOf } from './sampler.ts';

/** What a formula takes and gives: plain numbers by name, units in the names. */
export type Numbers<K extends string> = Readonly<Record<K, number>>;
export type Inputs<K extends string> = Readonly<Record<K, Quantity>>;
export type Results<R extends string> = Record<R, Quantity>;
/** Pure. NaN in must give NaN out wherever the input matters. */
export type Formula<K extends string, R extends string> = (inputs: Numbers<K>) => Numbers<R>;

export interface PropagateOptions {
  /** Of the draws; the same seed gives the same intervals. */
  seed?: number;
  /** Of the Monte Carlo, where it takes one. */
  draws?: number;
}

export const DRAWS = 10_000;
const TAIL = 0.025;

/**
 * The results of a formula with the intervals that its inputs give them. One figure under several names is one input.
 * - An unknown input makes the results that depend on it unknown, for its reason.
 * - No uncertain input that a result depends on: no interval.
 * - One: the formula at its bounds, put in order. Exact for a formula that only rises or only falls.
 * - More: seeded Monte Carlo (JCGM 101:2008), 2.5 and 97.5 % of the draws. Inputs with draws of their own are drawn
 *   together, place by place, so that what was measured together stays together; those with bounds only are drawn from
 *   the two halves of a log-normal (normal where the figure or a bound is not above zero) whose interval they are.
 */
export function propagate<K extends string, R extends string>(
  inputs: Inputs<K>,
  formula: Formula<K, R>,
  { seed = 0, draws = DRAWS }: PropagateOptions = {},
): Results<R> {
  const names = Object.keys(inputs) as K[];
  const point = pointOf(inputs, names);
  const values = formula(point);
  const uncertain = uncertainInputs(inputs, names);
  const spread = intervals(uncertain, point, formula, { seed, draws });
  const results = {} as Results<R>;
  for (const name of Object.keys(values) as R[]) {
    const value = values[name];
    results[name] = Number.isNaN(value)
      ? unknown(reasonFor(name, inputs, names, formula))
      : spread(name, value);
  }
  return results;
}

/**
 * What a formula gives for every draw of its inputs, as `propagate` draws them: for the share of the draws in which
 * something holds. Place k is the same draw for every result. Null where no input is uncertain.
 */
export function drawsOf<K extends string, R extends string>(
  inputs: Inputs<K>,
  formula: Formula<K, R>,
  { seed = 0, draws = DRAWS }: PropagateOptions = {},
): Record<R, readonly number[]> | null {
  const names = Object.keys(inputs) as K[];
  const uncertain = uncertainInputs(inputs, names);
  if (uncertain.length === 0) return null;
  const point = pointOf(inputs, names);
  const drawn = drawResults(uncertain, point, formula, { seed, draws });
  return Object.fromEntries<readonly number[]>(drawn) as Record<R, readonly number[]>;
}

/** How much each uncertain input alone moves a result, largest first: the bars of a tornado chart. */
export interface TornadoBar<K extends string> {
  input: K;
  /** The result at the input's low and high bound. */
  atLow: number;
  atHigh: number;
}

/**
 * One input at a time at its bounds, the others at their values. Inputs without an interval have no bar, nor have those
 * that do not move the result.
 */
export function tornado<K extends string, R extends string>(
  inputs: Inputs<K>,
  formula: Formula<K, R>,
  result: R,
): TornadoBar<K>[] {
  const names = Object.keys(inputs) as K[];
  const point = pointOf(inputs, names);
  return uncertainInputs(inputs, names)
    .map((one) => {
      const [atLow, atHigh] = endsOf(one, point, formula).map((end) => end[result]);
      return { input: one.names[0], atLow: atLow ?? Number.NaN, atHigh: atHigh ?? Number.NaN };
    })
    .filter(({ atLow, atHigh }) => !Number.isNaN(atLow + atHigh) && atLow !== atHigh)
    .sort((a, b) => Math.abs(b.atHigh - b.atLow) - Math.abs(a.atHigh - a.atLow));
}

function pointOf<K extends string>(inputs: Inputs<K>, names: readonly K[]): Numbers<K> {
  const entries = names.map((name) => [name, inputs[name].value ?? Number.NaN]);
  return Object.fromEntries(entries) as Numbers<K>;
}

/** Bounds of an uncertain figure; from its draws where it has no others. */
export function boundsOf({ value, low, high, draws }: Known): [low: number, high: number] {
  if (low !== null && high !== null) return [low, high];
  if (draws === undefined) return [value, value];
  const all = Array.from(draws);
  return [quantile(all, TAIL), quantile(all, 1 - TAIL)];
}

/** An uncertain figure and every name under which the formula takes it. */
interface UncertainInput<K extends string> {
  readonly figure: Known;
  readonly names: readonly [K, ...K[]];
}

/** Told apart by identity: a figure that is passed twice moves in both places together. */
function uncertainInputs<K extends string>(
  inputs: Inputs<K>,
  names: readonly K[],
): UncertainInput<K>[] {
  const found = new Map<Quantity, [K, ...K[]]>();
  for (const name of names) {
    const figure = inputs[name];
    if (!isUncertain(figure)) continue;
    const same = found.get(figure);
    if (same === undefined) found.set(figure, [name]);
    else same.push(name);
  }
  return [...found].map(([figure, same]) => ({ figure: figure as Known, names: same }));
}

function withValue<K extends string>(
  numbers: Numbers<K>,
  { names }: UncertainInput<K>,
  value: number,
): Numbers<K> {
  return { ...numbers, ...Object.fromEntries(names.map((name) => [name, value])) };
}

/** The formula at the low and at the high bound of one input. */
function endsOf<K extends string, R extends string>(
  one: UncertainInput<K>,
  point: Numbers<K>,
  formula: Formula<K, R>,
): Numbers<R>[] {
  return boundsOf(one.figure).map((bound) => formula(withValue(point, one, bound)));
}

type Spread = (name: string, value: number) => Quantity;

function intervals<K extends string, R extends string>(
  uncertain: readonly UncertainInput<K>[],
  point: Numbers<K>,
  formula: Formula<K, R>,
  options: Required<PropagateOptions>,
): Spread {
  const ends = uncertain.map((one) => endsOf(one, point, formula));
  const atEndsOf = (k: number, name: string, value: number) =>
    ordered(value, ends[k]?.map((end) => end[name as R]) ?? []);
  if (uncertain.length === 0) return (_, value) => exact(value);
  if (uncertain.length === 1) return (name, value) => atEndsOf(0, name, value);
  const mattering = whatMatters(uncertain, point, formula);
  const drawn = drawResults(uncertain, point, formula, options);
  return (name, value) => {
    const results = drawn.get(name) ?? [];
    const [only, ...others] = mattering(name);
    if (only === undefined) return exact(value);
    if (results.some(Number.isNaN)) return undefinedWithin();
    const interval =
      others.length === 0 ? atEndsOf(only, name, value) : ordered(value, tailsOf(results));
    return interval.low === null ? interval : { ...interval, draws: results };
  };
}

/** The ends of 95 % of the draws. Draws may be infinite, such as hours until a purchase pays that never does. */
function tailsOf(results: readonly number[]): number[] {
  const sorted = Float64Array.from(results).sort();
  return [TAIL, 1 - TAIL].map((p) => {
    const tail = sortedQuantile(sorted, p);
    // Between an infinite draw and its neighbour nothing can be interpolated.
    return Number.isNaN(tail) ? (sorted[Math.round((sorted.length - 1) * p)] ?? tail) : tail;
  });
}

/**
 * Places of the uncertain inputs that a result depends on: those that move it, or without which it is no number. Looked
 * for at the figures and where all are at their low or high bounds, since a factor of zero hides the others.
 */
function whatMatters<K extends string, R extends string>(
  uncertain: readonly UncertainInput<K>[],
  point: Numbers<K>,
  formula: Formula<K, R>,
): (result: string) => number[] {
  const corner = (side: 0 | 1) =>
    uncertain.reduce((at, one) => withValue(at, one, boundsOf(one.figure)[side]), point);
  const probes = [point, corner(0), corner(1)].map((base) => ({
    at: formula(base),
    moved: uncertain.map((one) =>
      [...boundsOf(one.figure), Number.NaN].map((value) => formula(withValue(base, one, value))),
    ),
  }));
  return (result) =>
    uncertain.flatMap((_, k) => {
      const name = result as R;
      const isMoved = probes.some(({ at, moved }) =>
        moved[k]?.some((results) => !Object.is(results[name], at[name])),
      );
      return isMoved ? [k] : [];
    });
}

/** A figure without an interval would look exact, and one with half of it certain on that side. */
function undefinedWithin(): Quantity {
  return unknown('it is not defined over the whole intervals of these inputs');
}

/** Equal ends mean that the inputs do not matter to this result: it is as exact as before. */
function ordered(value: number, ends: readonly number[]): Quantity {
  if (ends.some(Number.isNaN)) return undefinedWithin();
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return low === high ? exact(value) : between(value, Math.min(low, value), Math.max(high, value));
}

function drawResults<K extends string, R extends string>(
  uncertain: readonly UncertainInput<K>[],
  point: Numbers<K>,
  formula: Formula<K, R>,
  { seed, draws }: Required<PropagateOptions>,
): Map<string, number[]> {
  const samplers = uncertain.map(({ figure, names }) => ({
    names,
    draw: samplerOf(figure, new Rng('propagate', seed).fork(names[0])),
  }));
  const results = new Map<string, number[]>();
  for (let k = 0; k < draws; k++) {
    const drawn: Record<string, number> = { ...point };
    // One place for all: what was measured or calculated together is drawn together.
    for (const { names, draw } of samplers) {
      const value = draw(k);
      for (const name of names) drawn[name] = value;
    }
    for (const [name, value] of Object.entries<number>(formula(drawn as Numbers<K>))) {
      const list = results.get(name);
      if (list === undefined) results.set(name, [value]);
      else list.push(value);
    }
  }
  return results;
}

/** The reasons of the unknown inputs that this result depends on: those without which it is still no number. */
function reasonFor<K extends string, R extends string>(
  result: R,
  inputs: Inputs<K>,
  names: readonly K[],
  formula: Formula<K, R>,
): string {
  const missing = names.filter((name) => !isKnown(inputs[name]));
  const filled = Object.fromEntries(names.map((name) => [name, inputs[name].value ?? 1]));
  const matters = missing.filter((name) =>
    Number.isNaN(formula({ ...filled, [name]: Number.NaN } as Numbers<K>)[result]),
  );
  const reasons = (matters.length > 0 ? matters : missing).map((name) => {
    const quantity = inputs[name];
    return isKnown(quantity) ? '' : quantity.reason;
  });
  return reasons.length > 0
    ? [...new Set(reasons)].join('; ')
    : 'it is not defined for these inputs';
}
