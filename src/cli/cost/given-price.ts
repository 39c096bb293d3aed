import type { Quantity } from '../../economics/quantity.ts';
import { usageError } from '../failure.ts';
import { parseDay } from './day-option.ts';
import { gpuPrice } from './gpu-option.ts';
import { loadPriceBook } from './price-book.ts';
import { parseQuantity } from './quantity-option.ts';

/** Options by which a command is given the price of a GPU, as typed. */
export interface PriceArguments {
  gpuPrice?: string;
  gpu?: string;
  gpuKind: string;
  day?: string;
  prices?: string[];
}

/** USD per GPU-hour and who says so. */
export interface GivenPrice {
  price: Quantity;
  source: string;
}

/**
 * The price that a command line gives: with --gpu-price, or that of --gpu in the price book; null for neither.
 * Throws `usage` for both, for options of the book without --gpu, and as the book does.
 */
export async function givenPrice(argv: PriceArguments): Promise<GivenPrice | null> {
  const price = parseQuantity(argv.gpuPrice, { option: '--gpu-price', min: 0, max: 1e6 });
  if (argv.gpu === undefined) {
    const stray = argv.prices !== undefined ? '--prices' : argv.day !== undefined ? '--day' : null;
    if (stray !== null) {
      throw usageError(`${stray} is of the price book, which needs --gpu`, 'Add --gpu H100.');
    }
    return price && { price, source: '--gpu-price' };
  }
  if (price !== null) throw usageError('Give either --gpu-price or --gpu, not both');
  const book = await loadPriceBook(argv.prices);
  const day = parseDay(argv.day, '--day');
  const listed = gpuPrice(book, { gpu: argv.gpu, kind: argv.gpuKind, day });
  return { price: listed.usdPerGpuHour, source: listed.source };
}
