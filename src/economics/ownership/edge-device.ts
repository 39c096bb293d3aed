import type { Formula } from '../propagate.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';
import { electricityOfTokens, joulesPerToken } from './electricity.ts';

export type EdgeInput =
  | 'capexUsd'
  | 'years'
  /** Of use for this, at full speed. */
  | 'hoursPerDay'
  | 'decodeTps'
  /** That use adds, or the device's whole: it decides what is counted. */
  | 'powerKw'
  | 'usdPerKilowattHour';

export type EdgeResult =
  | 'device'
  | 'busyPower'
  | 'usdPerGpuHour'
  | 'lifeTokens'
  | 'utilisation'
  | 'deviceUsdPerMtok'
  | 'energyUsdPerMtok'
  | 'usdPerMtok'
  | 'joulesPerToken';

const DAYS_PER_YEAR = 365;
const HOURS_PER_DAY = 24;

/**
 * A phone, laptop or desktop that serves one person: its price over the tokens of its life, and the energy of a token.
 * It makes tokens only in the hours in which it is asked, so its utilisation is small and the device dear per token.
 */
export const edgeDevice: Formula<EdgeInput, EdgeResult> = (inputs) => {
  const { capexUsd, years, hoursPerDay, decodeTps, powerKw, usdPerKilowattHour } = inputs;
  const lifeHours = years * DAYS_PER_YEAR * hoursPerDay;
  const lifeTokens = lifeHours * SECONDS_PER_HOUR * decodeTps;
  const deviceUsdPerMtok = (TOKENS_PER_MTOK * capexUsd) / lifeTokens;
  const energy = electricityOfTokens({
    joulesPerToken: joulesPerToken(powerKw, decodeTps),
    pue: 1,
    usdPerKilowattHour,
  });
  const device = capexUsd / lifeHours;
  const busyPower = powerKw * usdPerKilowattHour;
  return {
    device,
    busyPower,
    usdPerGpuHour: device + busyPower,
    lifeTokens,
    utilisation: hoursPerDay / HOURS_PER_DAY,
    deviceUsdPerMtok,
    energyUsdPerMtok: energy.usdPerMtok,
    usdPerMtok: deviceUsdPerMtok + energy.usdPerMtok,
    joulesPerToken: energy.joulesPerToken,
  };
};
