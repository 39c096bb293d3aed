import type { BenchRecord } from '../../core/record.ts';
import { electricityOfTokens, servedEnergy } from '../../economics/ownership/electricity.ts';
import { recordEnergy } from '../../economics/ownership/record-energy.ts';
import { servedPrices } from '../../economics/ownership/served-prices.ts';
import { propagate } from '../../economics/propagate.ts';
import { exact, type Quantity, unknown } from '../../economics/quantity.ts';
import type { NamedFigures } from '../../report/cost/hour-json.ts';
import { needed } from './hour-kinds.ts';
import type { HourRequest } from './hour-options.ts';

/** What an hour makes of the tokens and requests served in it; empty where none were given. */
export function servedSection(request: HourRequest, usdPerGpuHour: Quantity): NamedFigures {
  const { figures, gpus, seed } = request;
  const { inputTps, outputTps, outputWeight, requestsPerHour, requestsPerRun } = figures;
  const hasTokens = inputTps !== null || outputTps !== null;
  if (!hasTokens && requestsPerHour === null) return {};
  const inputs = {
    usdPerGpuHour,
    gpus: exact(gpus),
    inputTps: needed(figures, 'inputTps'),
    outputTps: needed(figures, 'outputTps'),
    outputWeight: needed(figures, 'outputWeight'),
    requestsPerHour: requestsPerHour ?? exact(0),
    requestsPerRun: requestsPerRun ?? exact(1),
  };
  const prices = propagate(inputs, servedPrices, { seed });
  return {
    ...(hasTokens ? { allOnTotalUsdPerMtok: prices.allOnTotalUsdPerMtok } : {}),
    ...(outputTps === null ? {} : { allOnOutputUsdPerMtok: prices.allOnOutputUsdPerMtok }),
    ...(inputTps === null ? {} : { allOnInputUsdPerMtok: prices.allOnInputUsdPerMtok }),
    ...(outputWeight === null
      ? {}
      : {
          byRatioInputUsdPerMtok: prices.byRatioInputUsdPerMtok,
          byRatioOutputUsdPerMtok: prices.byRatioOutputUsdPerMtok,
        }),
    ...(requestsPerHour === null
      ? {}
      : {
          usdPerRequest: prices.usdPerRequest,
          usdPer1000Requests: prices.usdPer1000Requests,
          ...(requestsPerRun === null ? {} : { usdPerRun: prices.usdPerRun }),
        }),
  };
}

/** Energy of the tokens that the given power makes; empty where power or tokens were not given. */
export function energySection({ figures, gpus, seed }: HourRequest): NamedFigures {
  const { powerKw, inputTps, outputTps, pue, tariff } = figures;
  if (powerKw === null || outputTps === null) return {};
  const inputs = {
    powerKw,
    gpus: exact(gpus),
    inputTps: needed(figures, 'inputTps'),
    outputTps,
    pue: pue ?? exact(1),
    usdPerKilowattHour: needed(figures, 'tariff'),
  };
  const energy = propagate(inputs, servedEnergy, { seed });
  return {
    ...(inputTps === null ? {} : { joulesPerToken: energy.joulesPerToken }),
    joulesPerOutputToken: energy.joulesPerOutputToken,
    kilowattHoursPerOutputMtok: energy.kilowattHoursPerOutputMtok,
    ...(tariff === null ? {} : { electricityUsdPerOutputMtok: energy.electricityUsdPerOutputMtok }),
    ...(inputTps === null ? {} : { tokensPerSecondPerMegawatt: energy.tokensPerSecondPerMegawatt }),
  };
}

/** Energy of both kinds of token as a record measured it. */
export function recordEnergySection(
  record: BenchRecord,
  { figures, seed }: HourRequest,
): { figures: NamedFigures; notes: string[] } {
  const { prefillJoulesPerToken, decodeJoulesPerToken, idleWatts, meter } = recordEnergy(record);
  const energyOf = (joulesPerToken: Quantity) =>
    propagate(
      {
        joulesPerToken,
        pue: figures.pue ?? exact(1),
        usdPerKilowattHour: figures.tariff ?? unknown('--tariff was not given'),
      },
      electricityOfTokens,
      { seed },
    );
  const [input, output] = [energyOf(prefillJoulesPerToken), energyOf(decodeJoulesPerToken)];
  return {
    figures: {
      joulesPerInputToken: prefillJoulesPerToken,
      joulesPerOutputToken: decodeJoulesPerToken,
      kilowattHoursPerInputMtok: input.kilowattHoursPerMtok,
      kilowattHoursPerOutputMtok: output.kilowattHoursPerMtok,
      electricityUsdPerInputMtok: input.usdPerMtok,
      electricityUsdPerOutputMtok: output.usdPerMtok,
      idleWatts,
    },
    notes:
      meter === null
        ? ['mtok bench records energy on NVIDIA GPUs and where RAPL can be read.']
        : [
            `Metered was ${meter}, idle power included, for a batch of ${record.cell.workload.batch}.`,
          ],
  };
}
