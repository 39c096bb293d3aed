import { quantile } from '../core/quantile.ts';
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
/** 97.5 % of a normal distribution. */
const Z = 1.959963984540054;

/**
 * The results of a formula with the intervals that its inputs give them.
 * - An unknown input makes the results that depend on it unknown, for its reason.
 * - No uncertain input: no interval.
 * - One uncertain input: the formula at its bounds, put in order. Exact for a formula that only rises or only falls.
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
  const uncertain = names.filter((name) => isUncertain(inputs[name]));
  const spread = intervals(inputs, uncertain, point, formula, { seed, draws });
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
  const uncertain = names.filter((name) => isUncertain(inputs[name]));
  if (uncertain.length === 0) return null;
  const point = pointOf(inputs, names);
  const drawn = drawResults(inputs, uncertain, point, formula, { seed, draws });
  return Object.fromEntries<readonly number[]>(drawn) as Record<R, readonly number[]>;
}

/** How much each uncertain input alone moves a result, largest first: the bars of a tornado chart. */
export interface TornadoBar<K extends string> {
  input: K;
  /** The result at the input's low and high bound. */
  atLow: number;
  atHigh: number;
}

/** One input at a time at its bounds, the others at their values. Inputs without an interval have no bar. */
export function tornado<K extends string, R extends string>(
  inputs: Inputs<K>,
  formula: Formula<K, R>,
  result: R,
): TornadoBar<K>[] {
  const names = Object.keys(inputs) as K[];
  const point = pointOf(inputs, names);
  return names
    .filter((name) => isUncertain(inputs[name]))
    .map((input) => {
      const [low, high] = boundsOf(inputs[input] as Known);
      const at = (value: number) => formula({ ...point, [input]: value })[result];
      return { input, atLow: at(low), atHigh: at(high) };
    })
    .filter(({ atLow, atHigh }) => !Number.isNaN(atLow + atHigh))
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

type Spread = (name: string, value: number) => Quantity;

function intervals<K extends string, R extends string>(
  inputs: Inputs<K>,
  uncertain: readonly K[],
  point: Numbers<K>,
  formula: Formula<K, R>,
  options: Required<PropagateOptions>,
): Spread {
  const [first, second] = uncertain;
  if (first === undefined) return (_, value) => exact(value);
  if (second === undefined) {
    const ends = boundsOf(inputs[first] as Known).map((bound) =>
      formula({ ...point, [first]: bound }),
    );
    return (name, value) =>
      ordered(
        value,
        ends.map((end) => end[name as R]),
      );
  }
  const drawn = drawResults(inputs, uncertain, point, formula, options);
  return (name, value) => {
    const results = drawn.get(name) ?? [];
    if (results.some(Number.isNaN)) return exact(value);
    const interval = ordered(value, [quantile(results, TAIL), quantile(results, 1 - TAIL)]);
    return interval.low === null ? interval : { ...interval, draws: results };
  };
}

/** Equal ends mean that the inputs do not matter to this result: it is as exact as before. */
function ordered(value: number, ends: readonly number[]): Known {
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return low === high ? exact(value) : between(value, Math.min(low, value), Math.max(high, value));
}

function drawResults<K extends string, R extends string>(
  inputs: Inputs<K>,
  uncertain: readonly K[],
  point: Numbers<K>,
  formula: Formula<K, R>,
  { seed, draws }: Required<PropagateOptions>,
): Map<string, number[]> {
  const samplers = uncertain.map((name) => ({
    name,
    draw: samplerOf(inputs[name] as Known, new Rng('propagate', seed).fork(name)),
  }));
  const results = new Map<string, number[]>();
  for (let k = 0; k < draws; k++) {
    const drawn: Record<string, number> = { ...point };
    // One place for all: what was measured or calculated together is drawn together.
    for (const { name, draw } of samplers) drawn[name] = draw(k);
    for (const [name, value] of Object.entries<number>(formula(drawn as Numbers<K>))) {
      const list = results.get(name);
      if (list === undefined) results.set(name, [value]);
      else list.push(value);
    }
  }
  return results;
}

function samplerOf(known: Known, rng: Rng): (place: number) => number {
  const { value, low, high, draws } = known;
  if (draws !== undefined && draws.length > 0) {
    return (place) => draws[place % draws.length] ?? value;
  }
  if (low === null || high === null) return () => value;
  if (value > 0 && low > 0) {
    const [below, above] = [Math.log(value / low) / Z, Math.log(high / value) / Z];
    return () => {
      const z = rng.normal();
      return value * Math.exp(z * (z < 0 ? below : above));
    };
  }
  const [below, above] = [(value - low) / Z, (high - value) / Z];
  return () => {
    const z = rng.normal();
    return value + z * (z < 0 ? below : above);
  };
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
    : `${result} is not defined for these inputs`;
}
