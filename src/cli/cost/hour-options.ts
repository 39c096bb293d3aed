import type { Known } from '../../economics/quantity.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import {
  type FigureOption,
  flagOf,
  HOUR_FIGURE_NAMES,
  HOUR_FIGURES,
  HOUR_KINDS,
  type HourFigureName,
  type HourFigures,
  type HourKind,
} from './hour-figures.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Options of `mtok cost hour` as typed. */
export interface CostHourArguments extends Partial<Record<HourFigureName, string>> {
  gpus: string;
  gpu?: string;
  prices?: string[];
  record?: string;
  store?: string;
  asPrice?: string;
  seed?: string;
  json?: true;
  markdown?: true;
}

/** The same, checked. */
export interface HourRequest {
  kind: HourKind;
  gpus: number;
  figures: HourFigures;
  record: string | null;
  store: string | null;
  /** Name of the price-book entry to print; null prints the hour itself. */
  asPrice: string | null;
  seed: number;
}

const REQUIRED: Readonly<Record<HourKind, readonly HourFigureName[]>> = {
  rented: ['price'],
  spot: ['price'],
  committed: ['price', 'committedHours', 'usedHours'],
  owned: ['capex', 'years'],
  edge: ['capex', 'years', 'hoursPerDay', 'outputTps'],
  energy: [],
};

const LONGEST_NAME = 200;
const MOST = 1e12;

/** Throws `usage` for options that are wrong, missing, of another kind of hour, or that contradict each other. */
export function parseHourRequest(kind: string, argv: CostHourArguments): HourRequest {
  if (!isKind(kind)) {
    const shown = JSON.stringify(kind.slice(0, 40));
    throw usageError(`cost hour got ${shown}, expected ${HOUR_KINDS.join(', ')}`);
  }
  const figures = parseHourFigures(kind, argv);
  assertPriceSource(kind, argv);
  for (const name of REQUIRED[kind]) {
    if (name === 'price' && argv.gpu !== undefined) continue;
    if (figures[name] === null) throw usageError(`cost hour ${kind} got no ${flagOf(name)}`);
  }
  assertConsistent(kind, figures);
  assertEnergySource(kind, argv, figures);
  return {
    kind,
    gpus: parseInteger(argv.gpus, { option: '--gpus', min: 1, max: 1e6 }) ?? 1,
    figures,
    record: argv.record ?? null,
    store: argv.store ?? null,
    asPrice: parseName(kind, argv.asPrice),
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0,
  };
}

function isKind(kind: string): kind is HourKind {
  return (HOUR_KINDS as readonly string[]).includes(kind);
}

/** Bounds count too: an interval that reaches where there is no answer has none. */
function assertConsistent(kind: HourKind, figures: HourFigures): void {
  const { capex, residual, busyShare, idlePowerKw, tariff, powerKw, pue } = figures;
  if (capex !== null && residual !== null && most(residual) > least(capex)) {
    throw usageError(
      `--residual ${most(residual)} is more than --capex ${least(capex)}: what was bought would have gained in value`,
    );
  }
  if (kind === 'spot') assertSomethingServed(figures);
  if (kind === 'energy') return;
  if (powerKw === null && (tariff ?? pue ?? idlePowerKw ?? busyShare) !== null) {
    throw usageError(
      'cost hour got figures of electricity but no --power-kw',
      'Give the kW of one GPU with its share of the machine, or leave all of them out.',
    );
  }
}

function assertSomethingServed(figures: HourFigures): void {
  const { preemptionsPerHour, reloadMinutes, lostMinutes, spotShare, onDemandPrice } = figures;
  const minutes = most(reloadMinutes) + most(lostMinutes);
  const wasted = (most(preemptionsPerHour) * minutes) / 60;
  if (wasted >= 1) {
    throw usageError(
      `${most(preemptionsPerHour)} preemptions an hour that waste ${minutes} min each leave nothing of it to serve`,
      'Give fewer preemptions or a shorter --reload-minutes and --lost-minutes.',
    );
  }
  if (spotShare !== null && least(spotShare) < 1 && onDemandPrice === null) {
    throw usageError('--spot-share below 1 needs --on-demand-price for the rest of the fleet');
  }
}

function assertEnergySource(kind: HourKind, argv: CostHourArguments, figures: HourFigures): void {
  if (kind !== 'energy') {
    if (argv.record === undefined && argv.store === undefined) return;
    throw usageError(
      `--record and --store do not belong to cost hour ${kind}`,
      'Energy of a record: mtok cost hour energy --record latest.',
    );
  }
  const isGiven = figures.powerKw !== null;
  if (isGiven === (argv.record !== undefined)) {
    throw usageError(
      isGiven ? 'Give either --record or --power-kw, not both' : 'cost hour energy got no energy',
      'Name a record (--record latest), or give --power-kw with --output-tps.',
    );
  }
  if (isGiven && figures.outputTps === null) {
    throw usageError('cost hour energy got no --output-tps for the tokens of its --power-kw');
  }
  if (!isGiven && (figures.inputTps ?? figures.outputTps) !== null) {
    throw usageError(
      '--input-tps and --output-tps go with --power-kw: a record has its own tokens',
    );
  }
}

/** A rent is given, or that of a GPU in the price book. */
function assertPriceSource(kind: HourKind, argv: CostHourArguments): void {
  if (argv.gpu === undefined) {
    if (argv.prices === undefined) return;
    throw usageError('--prices is of the price book, which needs --gpu', 'Add --gpu H100.');
  }
  if (kind !== 'rented' && kind !== 'spot') {
    throw usageError(
      `--gpu does not belong to cost hour ${kind}`,
      'It belongs to rented and spot.',
    );
  }
  if (argv.price !== undefined) throw usageError('Give either --price or --gpu, not both');
}

function parseName(kind: HourKind, name: string | undefined): string | null {
  if (name === undefined) return null;
  if (kind !== 'owned' && kind !== 'edge') {
    throw usageError(
      `--as-price does not belong to cost hour ${kind}`,
      'It makes a price of what is owned; rents come from mtok prices import or a file of your own.',
    );
  }
  const trimmed = name.trim();
  if (trimmed !== '' && trimmed.length <= LONGEST_NAME) return trimmed;
  throw usageError(`--as-price expected a name of 1 to ${LONGEST_NAME} characters`);
}

function least(known: Known | null): number {
  return known === null ? 0 : (known.low ?? known.value);
}

function most(known: Known | null): number {
  return known === null ? 0 : (known.high ?? known.value);
}

/** The figures of a command line. Throws `usage` for those out of bounds and those of other kinds of hour. */
function parseHourFigures(
  kind: HourKind,
  argv: Partial<Record<HourFigureName, string>>,
): HourFigures {
  const stray = HOUR_FIGURE_NAMES.find(
    (name) =>
      argv[name] !== undefined && !(HOUR_FIGURES[name] as FigureOption).kinds.includes(kind),
  );
  if (stray !== undefined) {
    const { kinds } = HOUR_FIGURES[stray];
    throw usageError(
      `${flagOf(stray)} does not belong to cost hour ${kind}`,
      `It belongs to cost hour ${kinds.join(', ')}.`,
    );
  }
  const parsed = HOUR_FIGURE_NAMES.map((name) => {
    const { min = 0, max = MOST, isMinAllowed = true, isShare }: FigureOption = HOUR_FIGURES[name];
    const parse = isShare ? parseShare : parseQuantity;
    return [name, parse(argv[name], { option: flagOf(name), min, max, isMinAllowed })];
  });
  return Object.fromEntries(parsed) as HourFigures;
}
