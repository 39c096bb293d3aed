import type { Formula } from '../propagate.ts';
import { JOULES_PER_KILOWATT_HOUR, TOKENS_PER_MTOK } from '../units.ts';

/** What electricity for a GPU costs. Powers are of one GPU with its share of the machine around it. */
export interface PowerUse {
  /** While it serves. */
  powerKw: number;
  /** While it waits for requests. */
  idlePowerKw: number;
  /** Share of the time that it serves. */
  busyShare: number;
  /** Power usage effectiveness: all of the site's power over that of the machines. Never below 1. */
  pue: number;
  usdPerKilowattHour: number;
}

/**
 * USD an hour = kW × PUE × USD/kWh (as ML.ENERGY's and InferenceX's figures are turned into money), the watts of busy
 * and of idle time each over its share of the hour. Only for a GPU that is owned: a rent has power in it.
 */
export function electricityUsdPerHour({
  powerKw,
  idlePowerKw,
  busyShare,
  pue,
  usdPerKilowattHour,
}: PowerUse): { busy: number; idle: number } {
  const usdPerKilowatt = pue * usdPerKilowattHour;
  return {
    busy: busyShare === 0 ? 0 : busyShare * powerKw * usdPerKilowatt,
    idle: busyShare === 1 ? 0 : (1 - busyShare) * idlePowerKw * usdPerKilowatt,
  };
}

export type EnergyResult = 'joulesPerToken' | 'kilowattHoursPerMtok' | 'usdPerMtok';

/**
 * Joules of a token at the meter of the machine; kWh of a million tokens there; and what they cost with what the site
 * takes beside: J/token × 10⁶ / 3.6·10⁶ × PUE × USD/kWh.
 */
export const electricityOfTokens: Formula<
  'joulesPerToken' | 'pue' | 'usdPerKilowattHour',
  EnergyResult
> = ({ joulesPerToken, pue, usdPerKilowattHour }) => {
  const kilowattHoursPerMtok = (joulesPerToken * TOKENS_PER_MTOK) / JOULES_PER_KILOWATT_HOUR;
  return {
    joulesPerToken,
    kilowattHoursPerMtok,
    usdPerMtok: kilowattHoursPerMtok * pue * usdPerKilowattHour,
  };
};

/** Joules of a token: watts over tokens per second, both of the same GPUs over the same time. */
export function joulesPerToken(powerKw: number, tokensPerSecond: number): number {
  return (1000 * powerKw) / tokensPerSecond;
}

/** Tokens per second that a megawatt of machines makes; NaN for machines that take no power. */
export function tokensPerSecondPerMegawatt(powerKw: number, tokensPerSecond: number): number {
  return powerKw === 0 ? Number.NaN : (1000 * tokensPerSecond) / powerKw;
}

/** Power and tokens of the same GPUs over the same time. */
export type ServedEnergyInput =
  | 'powerKw'
  | 'gpus'
  | 'inputTps'
  | 'outputTps'
  | 'pue'
  | 'usdPerKilowattHour';

export type ServedEnergyResult =
  | 'joulesPerToken'
  | 'joulesPerOutputToken'
  | 'kilowattHoursPerOutputMtok'
  | 'electricityUsdPerOutputMtok'
  | 'tokensPerSecondPerMegawatt';

/** What the power of a deployment is by the token: of all tokens, and all of it on the output. */
export const servedEnergy: Formula<ServedEnergyInput, ServedEnergyResult> = (inputs) => {
  const { gpus, inputTps, outputTps, pue, usdPerKilowattHour } = inputs;
  const powerKw = gpus * inputs.powerKw;
  const onOutput = electricityOfTokens({
    joulesPerToken: joulesPerToken(powerKw, outputTps),
    pue,
    usdPerKilowattHour,
  });
  return {
    joulesPerToken: joulesPerToken(powerKw, inputTps + outputTps),
    joulesPerOutputToken: onOutput.joulesPerToken,
    kilowattHoursPerOutputMtok: onOutput.kilowattHoursPerMtok,
    electricityUsdPerOutputMtok: onOutput.usdPerMtok,
    tokensPerSecondPerMegawatt: tokensPerSecondPerMegawatt(powerKw, inputTps + outputTps),
  };
};
