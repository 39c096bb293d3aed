import type { Known } from '../../economics/quantity.ts';

export const HOUR_KINDS = ['rented', 'spot', 'committed', 'owned', 'edge', 'energy'] as const;
export type HourKind = (typeof HOUR_KINDS)[number];

interface Bounds {
  min?: number;
  max?: number;
  isMinAllowed?: boolean;
  /** May be written with a percent sign. */
  isShare?: boolean;
}

/** An option of `mtok cost hour` that takes a figure, and the kinds of hour that it belongs to. */
export interface FigureOption extends Bounds {
  flag: string;
  kinds: readonly HourKind[];
  help: string;
}

const RENTS = ['rented', 'spot', 'committed'] as const;
const PRICED = [...RENTS, 'owned'] as const;
const SERVES = [...PRICED, 'energy'] as const;
const BUYS = ['owned', 'edge'] as const;

const POSITIVE: Bounds = { isMinAllowed: false };
const SHARE: Bounds = { max: 1, isShare: true };
const USD_PER_HOUR: Bounds = { max: 1e6 };

function figure(
  flag: string,
  kinds: readonly HourKind[],
  help: string,
  bounds: Bounds = {},
): FigureOption {
  return { flag, kinds, help, ...bounds };
}

/** By the name that commander gives them. */
export const HOUR_FIGURES = {
  price: figure('--price <usd>', RENTS, 'USD per GPU-hour, power in it', USD_PER_HOUR),
  onDemandPrice: figure(
    '--on-demand-price <usd>',
    ['spot', 'committed'],
    'USD per GPU-hour without spot or commitment',
    USD_PER_HOUR,
  ),
  preemptionsPerHour: figure(
    '--preemptions-per-hour <number>',
    ['spot'],
    'of one spot GPU (default: 0)',
  ),
  reloadMinutes: figure(
    '--reload-minutes <minutes>',
    ['spot'],
    'until a replacement serves (default: 0)',
  ),
  lostMinutes: figure(
    '--lost-minutes <minutes>',
    ['spot'],
    'of work done again after a preemption (default: 0)',
  ),
  spotShare: figure(
    '--spot-share <share>',
    ['spot'],
    'of the fleet, as 80%; the rest on demand (default: 1)',
    SHARE,
  ),
  overProvision: figure(
    '--over-provision <factor>',
    ['spot'],
    'GPUs paid for each one needed (default: 1)',
    { min: 1, max: 100 },
  ),
  committedHours: figure(
    '--committed-hours <hours>',
    ['committed'],
    'GPU-hours of a period that are paid, used or not',
    POSITIVE,
  ),
  usedHours: figure(
    '--used-hours <hours>',
    ['committed'],
    'GPU-hours used in that period',
    POSITIVE,
  ),
  ceilingHours: figure(
    '--ceiling-hours <hours>',
    ['committed'],
    'GPU-hours up to which the committed price holds (default: those committed)',
  ),
  capex: figure('--capex <usd>', BUYS, 'paid for all GPUs with what they stand in'),
  residual: figure('--residual <usd>', ['owned'], 'they sell for at the end (default: 0)'),
  years: figure('--years <years>', BUYS, 'of use', { ...POSITIVE, max: 100 }),
  interest: figure(
    '--interest <share>',
    ['owned'],
    'yearly cost of capital, as 10% (default: 0, straight line)',
    SHARE,
  ),
  availability: figure(
    '--availability <share>',
    ['owned'],
    'of the hours in which they can be used (default: 1)',
    { ...SHARE, ...POSITIVE },
  ),
  hostingPerYear: figure('--hosting-per-year <usd>', ['owned'], 'space, network, hands'),
  softwarePerYear: figure('--software-per-year <usd>', ['owned'], 'licences and support'),
  powerKw: figure(
    '--power-kw <kW>',
    [...SERVES, 'edge'],
    'of one GPU with its share of the machine, while it serves',
    { max: 1000 },
  ),
  idlePowerKw: figure('--idle-power-kw <kW>', ['owned'], 'the same while it waits', { max: 1000 }),
  busyShare: figure(
    '--busy-share <share>',
    ['owned'],
    'of the time that it serves, for its power (default: 1)',
    SHARE,
  ),
  pue: figure('--pue <factor>', SERVES, "the site's power over the machines' (default: 1)", {
    min: 1,
    max: 10,
  }),
  tariff: figure('--tariff <usd>', [...SERVES, 'edge'], 'USD per kWh', { max: 1000 }),
  rentPrice: figure(
    '--rent-price <usd>',
    ['owned'],
    'USD per GPU-hour to hold buying against',
    USD_PER_HOUR,
  ),
  hoursPerDay: figure('--hours-per-day <hours>', ['edge'], 'in which the device makes tokens', {
    ...POSITIVE,
    max: 24,
  }),
  inputTps: figure('--input-tps <rate>', SERVES, 'input tokens per second that the GPUs serve'),
  outputTps: figure(
    '--output-tps <rate>',
    [...SERVES, 'edge'],
    'output tokens per second that they serve',
    POSITIVE,
  ),
  outputWeight: figure(
    '--output-weight <factor>',
    PRICED,
    'split by a rule: price of an output token in input tokens, such as 3',
    { ...POSITIVE, max: 1000 },
  ),
  requestsPerHour: figure('--requests-per-hour <number>', PRICED, 'that the GPUs serve', POSITIVE),
  requestsPerRun: figure(
    '--requests-per-run <number>',
    PRICED,
    'that one run of a workflow makes (default: 1)',
    POSITIVE,
  ),
} satisfies Record<string, FigureOption>;

export type HourFigureName = keyof typeof HOUR_FIGURES;
/** Null: not given. */
export type HourFigures = Readonly<Record<HourFigureName, Known | null>>;

export const HOUR_FIGURE_NAMES = Object.keys(HOUR_FIGURES) as HourFigureName[];

/** `--price`. */
export function flagOf(name: HourFigureName): string {
  const [flag = ''] = HOUR_FIGURES[name].flag.split(' ');
  return flag;
}
