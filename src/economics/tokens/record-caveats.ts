import type { BenchRecord, Flag } from '../../core/record.ts';
import { findGpuPrice } from '../prices/gpu-prices.ts';

/** The device's own remark is of no use to who prices its rates as another's. */
const CARRIED = ['software-adapter', 'session-invalid', 'do-not-rank'];

/**
 * What a reader of a record's costs must know: flags of its rates, and that the hour is another device's than the one
 * that was measured. `gpu` is the name of the GPU whose price was asked for, perhaps with `@provider`; null for none.
 */
export function recordCaveats(record: BenchRecord, gpu: string | null): Flag[] {
  const carried = record.flags.filter(({ code }) => CARRIED.includes(code));
  const measured = record.device?.name ?? null;
  const [priced = ''] = (gpu ?? '').split('@');
  if (measured === null || priced === '' || isThatGpu(record, measured, priced)) return carried;
  return [
    ...carried,
    {
      code: 'price-of-another',
      field: 'cost',
      message: `The rates were measured on ${measured}, the hour is that of ${priced}: the dollars are of neither.`,
      hint: 'Give the price of what was measured, or a record of the GPU that is priced.',
    },
  ];
}

function isThatGpu({ device }: BenchRecord, measured: string, priced: string): boolean {
  if (device?.kind !== 'gpu') return false;
  const known = findGpuPrice(measured)?.gpu ?? measured;
  return known.toLowerCase().includes(priced.toLowerCase());
}
