import { BenchError } from '../../core/errors.ts';
import { findGpuMemory } from '../../economics/fit/gpu-memory.ts';
import { exact, type Quantity, unknown } from '../../economics/quantity.ts';
import { parseDay } from './day-option.ts';
import type { CostFitArguments, FitRequest } from './fit-options.ts';
import { gpuPrice } from './gpu-option.ts';
import { loadPriceBook } from './price-book.ts';

/** One GPU as far as it is known. */
export interface FitGpu {
  name: string;
  memoryBytes: number;
  memorySource: string;
  bandwidthBytesPerSecond: Quantity;
  usdPerGpuHour: Quantity;
  priceSource: string;
}

type Price = Pick<FitGpu, 'usdPerGpuHour' | 'priceSource'> & { memoryBytes: number | null };

/**
 * The GPU of a command line: memory and bandwidth by --gpu or as given; its price as given, else from the price book.
 * Throws `usage` for a GPU of which the memory is not known, and as reading a price book does.
 */
export async function fitGpu(argv: CostFitArguments, request: FitRequest): Promise<FitGpu> {
  const price = await priceOf(argv, request);
  const { usdPerGpuHour, priceSource } = price;
  const given = request.bandwidthBytesPerSecond;
  if (argv.gpu === undefined) {
    return {
      name: 'a GPU',
      memoryBytes: request.memoryBytes ?? 0,
      memorySource: '--memory',
      bandwidthBytesPerSecond: given === null ? unknown('--bandwidth was not given') : exact(given),
      usdPerGpuHour,
      priceSource,
    };
  }
  const [name = argv.gpu] = argv.gpu.split('@');
  const spec = price.memoryBytes === null ? findGpuMemory(name) : tryGpuMemory(name);
  const bandwidth = given ?? spec?.bandwidthBytesPerSecond ?? null;
  return {
    name: spec?.gpu ?? name,
    memoryBytes: price.memoryBytes ?? spec?.memoryBytes ?? 0,
    memorySource: price.memoryBytes === null ? (spec?.source ?? '') : 'price book',
    bandwidthBytesPerSecond:
      bandwidth === null
        ? unknown(`the bandwidth of ${name} is not known; give --bandwidth`)
        : exact(bandwidth),
    usdPerGpuHour,
    priceSource,
  };
}

async function priceOf(argv: CostFitArguments, request: FitRequest): Promise<Price> {
  if (request.usdPerGpuHour !== null) {
    return { usdPerGpuHour: request.usdPerGpuHour, priceSource: '--gpu-price', memoryBytes: null };
  }
  if (argv.gpu === undefined) return noPrice('--gpu-price was not given');
  const book = await loadPriceBook(argv.prices);
  try {
    const day = parseDay(undefined, '--day');
    const { usdPerGpuHour, source, offer } = gpuPrice(book, { gpu: argv.gpu, kind: 'rented', day });
    return { usdPerGpuHour, priceSource: source, memoryBytes: offer.memoryBytes };
  } catch (error) {
    // A GPU may fit without a price: only a book that was asked for by name has to have it.
    if (!(error instanceof BenchError) || argv.prices !== undefined) throw error;
    return noPrice(`${error.message}; give --gpu-price`);
  }
}

function noPrice(reason: string): Price {
  return { usdPerGpuHour: unknown(reason), priceSource: 'unknown', memoryBytes: null };
}

function tryGpuMemory(name: string) {
  try {
    return findGpuMemory(name);
  } catch {
    return null;
  }
}
