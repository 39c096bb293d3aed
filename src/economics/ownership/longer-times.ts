import type { Formula } from '../propagate.ts';
import { HOURS_PER_MONTH, HOURS_PER_YEAR } from '../units.ts';

/** 30 days, as some bills count a month. */
const HOURS_OF_30_DAYS = 720;

/** What a price by the hour is over longer times without a pause: by the conventions in use for a month, and a year. */
export const longerTimes: Formula<
  'usdPerGpuHour' | 'gpus',
  'per720Hours' | 'per730Hours' | 'per8760Hours' | 'allPer730Hours'
> = ({ usdPerGpuHour, gpus }) => ({
  per720Hours: HOURS_OF_30_DAYS * usdPerGpuHour,
  per730Hours: HOURS_PER_MONTH * usdPerGpuHour,
  per8760Hours: HOURS_PER_YEAR * usdPerGpuHour,
  allPer730Hours: HOURS_PER_MONTH * usdPerGpuHour * gpus,
});
