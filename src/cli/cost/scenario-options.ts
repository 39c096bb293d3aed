import { exact, isKnown, type Known } from '../../economics/quantity.ts';
import {
  CHANGE_SYNTAX,
  type ChangeKind,
  readYearlyFactor,
} from '../../economics/scenario/change-rate.ts';
import { impliedFactor } from '../../economics/scenario/implied.ts';
import { MONTHS_PER_YEAR, readYearlyAmount } from '../../economics/scenario/period.ts';
import { postedSpend } from '../../economics/scenario/posted-price.ts';
import { CLAIMS, type SpendClaim } from '../../economics/scenario/scenario.ts';
import {
  MOST_SCENARIOS,
  MOST_USD,
  type NamedScenario,
  type ScenarioFile,
} from '../../economics/scenario/scenario-file.ts';
import type { ShownPostedPrice } from '../../report/cost/scenario-json.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { parseQuantity } from './quantity-option.ts';
import { parseBlend } from './tokens-options.ts';

/** Options of `mtok cost scenario` as typed. */
export interface CostScenarioArguments {
  spend?: string;
  spendAfter?: string;
  mtok?: string;
  inputPrice?: string;
  outputPrice?: string;
  blend: string;
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

/** V₀·P₀: given, or from a volume and posted prices. */
function startOf(
  argv: CostScenarioArguments,
  seed: number,
): { spend: Known; posted: ShownPostedPrice | null } {
  if (argv.mtok === undefined) {
    const stray = argv.inputPrice ?? argv.outputPrice;
    if (stray !== undefined) {
      throw usageError(
        'Prices need a volume',
        'Give the million tokens of a period with --mtok 1000/month.',
      );
    }
    if (argv.spend === undefined) {
      throw usageError(
        'cost scenario got no spend',
        'Give USD a period with --spend 1000000/year, a volume and prices, or a file of scenarios.',
      );
    }
    return { spend: parseAmount(argv.spend, '--spend'), posted: null };
  }
  if (argv.spend !== undefined) throw usageError('Give either --spend or --mtok, not both');
  const price = (text: string | undefined, option: string) =>
    parseQuantity(text, { option, min: 0, max: 1e6 });
  const output = price(argv.outputPrice, '--output-price');
  const input = price(argv.inputPrice, '--input-price');
  const [blendInput, blendOutput] = parseBlend(argv.blend) ?? [exact(3), exact(1)];
  if (input === null && blendInput.value > 0) {
    throw usageError(
      '--mtok got no --input-price',
      'Give it, or charge output alone: --blend 0:1.',
    );
  }
  if (output === null && blendOutput.value > 0) {
    throw usageError('--mtok got no --output-price', 'Give USD per million output tokens.');
  }
  const inputs = {
    inputUsdPerMtok: input ?? exact(0),
    outputUsdPerMtok: output ?? exact(0),
    blendInput,
    blendOutput,
    mtokPerYear: parseAmount(argv.mtok, '--mtok'),
  };
  const results = postedSpend(inputs, { seed });
  const spend = results.spendUsdPerYear;
  if (!isKnown(spend) || spend.value <= 0) throw usageError('A spend of 0 has no scenarios');
  return { spend, posted: { inputs, results } };
}

function parseAmount(text: string, option: string): Known {
  const amount = readYearlyAmount(text, option);
  const [least, most] = [amount?.low ?? amount?.value ?? 0, amount?.high ?? amount?.value ?? 0];
  if (amount !== null && least > 0 && most <= MOST_USD) return amount;
  throw usageError(
    `${option} got ${shown(text)}, expected an amount above 0 a period`,
    `Such as ${option} 1000000/year, 80000..90000/month or 8.7e9/273 days.`,
  );
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
