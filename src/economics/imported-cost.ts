import type { ImportedCost, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { findGpuPrice } from './prices/gpu-prices.ts';
import { usdPerMtok } from './token-cost.ts';

type View = ImportedCost['figures'][number]['view'];

const VIEWS: Record<NonNullable<ImportedMetric['rateOf']>, View> = {
  prefill: 'split-input',
  decode: 'split-output',
  output: 'all-on-output',
  total: 'all-on-total',
};

/**
 * Costs of another tool's rates that can be converted to ours. The price is the given one, of everything that
 * served, else the listed one where the file names a single known GPU; null without a price or such a rate.
 */
export function importedCost(
  run: ImportedRun,
  givenUsdPerHour: number | null,
): ImportedCost | null {
  const quote = quoteFor(run, givenUsdPerHour);
  if (quote === null) return null;
  const figures = run.metrics.flatMap(({ name, rateOf, value, comparability }) => {
    if (rateOf === null || value <= 0 || comparability.status === 'not comparable') return [];
    const rate = { median: value, low: null, high: null };
    return [
      { metric: name, view: VIEWS[rateOf], usdPerMtok: usdPerMtok(rate, quote.usdPerHour).median },
    ];
  });
  return figures.length === 0 ? null : { ...quote, figures };
}

function quoteFor(
  { device, backend }: ImportedRun,
  givenUsdPerHour: number | null,
): Pick<ImportedCost, 'usdPerHour' | 'price'> | null {
  if (givenUsdPerHour !== null) {
    const price = { gpu: device ?? 'what served', source: '--gpu-price', date: null };
    return { usdPerHour: givenUsdPerHour, price };
  }
  // A list of GPUs has no price of its own: the file does not tell how many of them worked.
  if (device === null || backend === 'CPU' || /[,/;]|\d x /.test(device)) return null;
  const listed = findGpuPrice(device);
  if (listed === null) return null;
  const { gpu, source, date, usdPerHour } = listed;
  return { usdPerHour, price: { gpu, source, date } };
}
