import {
  MOST_SERVERS,
  offeredErlangs,
  type QueueTarget,
  queueFigures,
  serversNeeded,
} from '../../economics/capacity/erlang.ts';
import { propagate } from '../../economics/propagate.ts';
import type { Known, Quantity } from '../../economics/quantity.ts';
import { queueJson, renderQueue, type ShownQueue } from '../../report/cost/capacity-erlang.ts';
import { usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import { type CapacityArguments, parseSeed, plainShare } from './capacity-options.ts';
import { parseQuantity } from './quantity-option.ts';
import { resultText } from './result-text.ts';

/** More servers would take seconds to add up, draw by draw. */
const MOST_ERLANGS = 100_000;
/** Each draw adds up as many terms as there are servers. */
const MOST_TERMS = 2e7;

/** The text of `mtok cost capacity --erlang`, or its JSON. Throws `usage`. */
export function renderErlang(curve: string | undefined, argv: CapacityArguments): string {
  const { store, config, at, profile } = argv;
  if ([curve, store, config, at, profile].some((given) => given !== undefined)) {
    throw usageError(
      '--erlang is for stages without batches: it takes no curve and no option of one',
      'Ask for servers and for a curve in two commands.',
    );
  }
  const shown = queueOf(argv);
  return resultText(
    argv,
    () => queueJson(shown),
    () => renderQueue(shown),
  );
}

function queueOf(argv: CapacityArguments): ShownQueue {
  const requestsPerSecond = required(argv.arrivalRate, '--arrival-rate', 1e6);
  const serviceSeconds = required(argv.serviceSeconds, '--service-seconds', 1e6);
  const target = targetOf(argv);
  const asked = parseInteger(argv.servers, {
    option: '--servers',
    min: 1,
    max: MOST_SERVERS,
  });
  const hasTarget = target.maxWaitProbability !== null || target.maxMeanWaitSeconds !== null;
  if (!hasTarget && asked === null) {
    throw usageError(
      '--erlang got nothing to find out',
      'Give --max-wait-probability 0.1, --max-wait-seconds 0.5 or --servers 6.',
    );
  }
  const seed = parseSeed(argv);
  const inputs = { requestsPerSecond, serviceSeconds };
  const { erlangs } = propagate(
    inputs,
    (rates) => ({ erlangs: offeredErlangs(rates.requestsPerSecond, rates.serviceSeconds) }),
    { seed },
  );
  const most = erlangs.high ?? erlangs.value ?? 0;
  if (most > MOST_ERLANGS) {
    throw usageError(`${most} busy servers are more than the ${MOST_ERLANGS} that --erlang takes`);
  }
  const draws = Math.max(200, Math.min(10_000, Math.floor(MOST_TERMS / (1 + most))));
  const { servers } = propagate(
    inputs,
    (rates) => ({
      servers: serversNeeded(rates.requestsPerSecond, rates.serviceSeconds, target) ?? Number.NaN,
    }),
    { seed, draws },
  );
  const needed = hasTarget ? servers : null;
  const usdPerServerHour = parseQuantity(argv.serverPrice, {
    option: '--server-price',
    min: 0,
    max: 1e6,
  });
  return {
    requestsPerSecond,
    serviceSeconds,
    erlangs,
    target,
    needed,
    rows: rowsAround(asked ?? needed?.value ?? 1, requestsPerSecond.value, serviceSeconds.value),
    usdPerServerHour,
    usdPerHour: usdPerServerHour === null ? null : priceOf(needed ?? asked, usdPerServerHour, seed),
    seed,
  };
}

function targetOf(argv: CapacityArguments): QueueTarget {
  const maxWaitProbability = plainShare(argv.maxWaitProbability, '--max-wait-probability');
  const maxMeanWaitSeconds = parseDecimal(argv.maxWaitSeconds, {
    option: '--max-wait-seconds',
    min: 0,
    max: 1e9,
  });
  if (maxWaitProbability === 0 || maxMeanWaitSeconds === 0) {
    throw usageError('Some request always waits: give a limit above 0');
  }
  return { maxWaitProbability, maxMeanWaitSeconds };
}

function required(text: string | undefined, option: string, max: number): Known {
  const quantity = parseQuantity(text, { option, min: 0, max, isMinAllowed: false });
  if (quantity !== null) return quantity;
  throw usageError(`--erlang got no ${option}`, 'Give --arrival-rate 2.5 --service-seconds 1.');
}

/** Some servers less and more than these. */
function rowsAround(servers: number, requestsPerSecond: number, serviceSeconds: number) {
  const from = Math.max(1, servers - 3);
  const counts = Array.from({ length: servers + 2 - from }, (_, i) => from + i);
  return counts.map((count) => queueFigures(count, requestsPerSecond, serviceSeconds));
}

function priceOf(servers: Quantity | number | null, price: Known, seed: number): Quantity {
  const count: Quantity =
    typeof servers === 'number' || servers === null
      ? { value: servers ?? 0, low: null, high: null }
      : servers;
  const { usdPerHour } = propagate(
    { count, price },
    (inputs) => ({ usdPerHour: inputs.count * inputs.price }),
    { seed },
  );
  return usdPerHour;
}
