import { isKnown, type Known } from '../../economics/quantity.ts';
import {
  CHANGE_SYNTAX,
  type ChangeKind,
  readYearlyFactor,
} from '../../economics/scenario/change-rate.ts';
import { impliedFactor } from '../../economics/scenario/implied.ts';
import { MONTHS_PER_YEAR } from '../../economics/scenario/period.ts';
import { CLAIMS, type SpendClaim } from '../../economics/scenario/scenario.ts';
import {
  MOST_SCENARIOS,
  type NamedScenario,
  type ScenarioFile,
} from '../../economics/scenario/scenario-file.ts';
import type { ShownPostedPrice } from '../../report/cost/scenario-json.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { parseAmount, type ScenarioStartArguments, startOf } from './scenario-start.ts';

/** Options of `mtok cost scenario` as typed. */
export interface CostScenarioArguments extends ScenarioStartArguments {
  spendAfter?: string;
  priceDecline?: string;
  demandGrowth?: string;
  years?: string;
  months?: string;
  claimSpend?: string;
  details?: true;
  seed?: string;
  json?: true;
}

/** What a command line asks for. */
export interface ScenarioRequest {
  scenarios: NamedScenario[];
  /** Moments of the table, in years, ascending from 0. */
  moments: number[];
  unit: 'year' | 'month';
  claim: SpendClaim | null;
  /** Null where the spend was given. */
  posted: ShownPostedPrice | null;
  /** What `--spend-after` gave. */
  implied: { isDemand: boolean; factorPerYear: Known } | null;
  seed: number;
}

const MOST_YEARS = 50;
const MOST_MONTHS = 120;
const DEFAULT_YEARS = 3;

/** Checks what was typed; `file` holds the scenarios of a file, null without one. Throws `usage`. */
export function scenarioRequest(
  argv: CostScenarioArguments,
  file: ScenarioFile | null,
): ScenarioRequest {
  const seed = parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0;
  const { moments, unit } = horizonOf(argv, file?.horizonYears ?? null);
  const claim = parseClaim(argv.claimSpend);
  if (file !== null) {
    assertNoneOf(argv);
    const scenarios = file.scenarios;
    return { scenarios, moments, unit, claim, posted: null, implied: null, seed };
  }
  const { spend, posted } = startOf(argv, seed);
  const prices = parseChanges(argv.priceDecline, '--price-decline', 'decline');
  const demands = parseChanges(argv.demandGrowth, '--demand-growth', 'growth');
  const implied = impliedOf(argv, { spend, prices, demands }, moments.at(-1) ?? 1, seed);
  const filled = {
    prices: prices ?? named(implied, argv),
    demands: demands ?? named(implied, argv),
  };
  const scenarios = filled.prices.flatMap((price) =>
    filled.demands.map((demand) => ({
      name: `prices ${price.text}, demand ${demand.text}`,
      spendUsdPerYear: spend,
      priceFactorPerYear: price.factor,
      volumeFactorPerYear: demand.factor,
    })),
  );
  if (scenarios.length > MOST_SCENARIOS) {
    throw usageError(
      `A grid of ${filled.prices.length} × ${filled.demands.length} is ${scenarios.length} scenarios, ` +
        `expected at most ${MOST_SCENARIOS}`,
    );
  }
  return { scenarios, moments, unit, claim, posted, implied, seed };
}

interface NamedFactor {
  /** As typed. */
  text: string;
  factor: Known;
}

type Implied = ScenarioRequest['implied'];

function named(implied: Implied, { spendAfter }: CostScenarioArguments): NamedFactor[] {
  return implied === null
    ? []
    : [{ text: `as ${spendAfter} implies`, factor: implied.factorPerYear }];
}

function assertNoneOf(argv: CostScenarioArguments): void {
  const { spend, spendAfter, mtok, inputPrice, outputPrice, priceDecline, demandGrowth } = argv;
  const given = Object.entries({
    '--spend': spend,
    '--spend-after': spendAfter,
    '--mtok': mtok,
    '--input-price': inputPrice,
    '--output-price': outputPrice,
    '--price-decline': priceDecline,
    '--demand-growth': demandGrowth,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw usageError(`Give either a file of scenarios or ${given[0]}, not both`);
}

function horizonOf(
  { years, months }: CostScenarioArguments,
  fileYears: number | null,
): Pick<ScenarioRequest, 'moments' | 'unit'> {
  if (years !== undefined && months !== undefined) {
    throw usageError('Give either --years or --months, not both');
  }
  const inMonths = parseInteger(months, { option: '--months', min: 1, max: MOST_MONTHS });
  const inYears = parseInteger(years, { option: '--years', min: 1, max: MOST_YEARS });
  const horizon =
    inMonths === null ? (inYears ?? fileYears ?? DEFAULT_YEARS) : inMonths / MONTHS_PER_YEAR;
  if (horizon > MOST_YEARS) {
    throw usageError(`The scenarios go over ${horizon} years, expected at most ${MOST_YEARS}`);
  }
  // A year and less is looked at month by month.
  const isMonthly = inMonths !== null || (inYears === null && horizon <= 1);
  return isMonthly
    ? { moments: momentsOf(horizon, 1 / MONTHS_PER_YEAR), unit: 'month' }
    : { moments: momentsOf(horizon, 1), unit: 'year' };
}

/** From 0 in steps; the horizon is the last, on a step or not. */
function momentsOf(horizon: number, step: number): number[] {
  const whole = Math.floor(horizon / step + 1e-9);
  const moments = Array.from({ length: whole + 1 }, (_, i) => i * step);
  if (horizon - whole * step > 1e-9) moments.push(horizon);
  return moments;
}

function parseChanges(
  list: string | undefined,
  option: string,
  kind: ChangeKind,
): NamedFactor[] | null {
  if (list === undefined) return null;
  return list.split(',').map((part) => {
    const text = part.trim();
    const factor = readYearlyFactor(text, kind);
    if (factor !== null) return { text, factor };
    const isRise = kind === 'decline' && text.startsWith('+');
    throw usageError(
      `${option} got ${shown(text)}, expected a change such as ${CHANGE_SYNTAX[kind]}`,
      isRise ? 'Prices that rise fall by less than 1x: 0.8x/year is +25 % a year.' : undefined,
    );
  });
}

function impliedOf(
  argv: CostScenarioArguments,
  given: { spend: Known; prices: NamedFactor[] | null; demands: NamedFactor[] | null },
  years: number,
  seed: number,
): Implied {
  const { spend, prices, demands } = given;
  const missing = [
    ...(prices === null ? ['--price-decline'] : []),
    ...(demands === null ? ['--demand-growth'] : []),
  ];
  if (argv.spendAfter === undefined) {
    if (missing.length === 0) return null;
    throw usageError(
      `cost scenario got no ${missing.join(' and no ')}`,
      'Such as --price-decline 10x/year --demand-growth 300%/year.',
    );
  }
  const other = (prices ?? demands ?? []).map(({ factor }) => factor);
  const [factor, another] = other;
  if (missing.length !== 1 || factor === undefined || another !== undefined) {
    throw usageError(
      '--spend-after stands in place of --price-decline or of --demand-growth',
      'Give one of them, with one change, and --spend-after gives the other.',
    );
  }
  const toUsdPerYear = parseAmount(argv.spendAfter, '--spend-after');
  const inputs = { fromUsdPerYear: spend, toUsdPerYear, otherFactorPerYear: factor };
  const implied = impliedFactor(inputs, years, { seed });
  if (!isKnown(implied)) throw usageError(`--spend-after implies nothing: ${implied.reason}`);
  return { isDemand: demands === null, factorPerYear: implied };
}

function parseClaim(text: string | undefined): SpendClaim | null {
  if (text === undefined) return null;
  const claim = CLAIMS.find((name) => name === text);
  if (claim !== undefined) return claim;
  throw usageError(`--claim-spend got ${shown(text)}, expected ${CLAIMS.join(' or ')}`);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
