import type { BenchRecord } from '../../core/record.ts';
import { exact, type Quantity, unknown } from '../quantity.ts';

/** An hour of what a record ran on, in USD, and where that price comes from; `hint` says how to give one. */
export function recordPrice(
  { id, cost }: Pick<BenchRecord, 'id' | 'cost'>,
  hint: string,
): { price: Quantity; source: string } {
  if (cost === null) {
    return { price: unknown(`record ${id} has no price; ${hint}`), source: 'unknown' };
  }
  const { gpu, source, date, standIn } = cost.price;
  const stand = standIn ? ', standing in for a machine without a GPU' : '';
  return {
    price: exact(cost.usdPerHour),
    source: `${gpu}: ${source}${date === null ? '' : `, read ${date}`}${stand}`,
  };
}
