import { apiName, offerPlace } from '../../economics/prices/lookup.ts';
import { holdsOn } from '../../economics/prices/periods.ts';
import type { ApiPrice, GpuOffer } from '../../economics/prices/price-book.ts';
import { pricesJson } from '../../report/cost/prices-json.ts';
import { renderPriceList } from '../../report/cost/prices-text.ts';
import { parseDay } from '../cost/day-option.ts';
import { loadPriceBook } from '../cost/price-book.ts';
import { EXIT } from '../failure.ts';

/** Options of `mtok prices list` as typed. */
export interface ListArguments {
  gpu?: true;
  api?: true;
  match?: string;
  day?: string;
  prices?: string[];
  json?: true;
}

/** Runs `mtok prices list`. Throws `usage` and `io` for options and books. */
export async function listCommand(argv: ListArguments): Promise<number> {
  const day = parseDay(argv.day, '--day');
  const book = await loadPriceBook(argv.prices);
  const wanted = (argv.match ?? '').toLowerCase();
  const isWanted = (text: string) => text.toLowerCase().includes(wanted);
  const isOne = argv.gpu !== argv.api;
  const gpus = isOne && argv.api ? [] : book.gpus.filter((one) => isWanted(gpuText(one)));
  const apis = isOne && argv.gpu ? [] : book.apis.filter((one) => isWanted(apiText(one)));
  const shown = {
    day,
    sha256: book.sha256,
    gpus: gpus.filter((one) => holdsOn(one, day)).sort(byText(gpuText)),
    apis: apis.filter((one) => holdsOn(one, day)).sort(byText(apiName)),
  };
  // A thousand models are no answer to a person who asked for nothing in particular.
  const areApisCounted = argv.api === undefined && argv.match === undefined;
  process.stdout.write(
    argv.json
      ? `${JSON.stringify(pricesJson(shown), null, 2)}\n`
      : renderPriceList(shown, { areApisCounted }),
  );
  return EXIT.ok;
}

function gpuText(offer: GpuOffer): string {
  return `${offer.gpu} ${offer.kind} ${offerPlace(offer)}`;
}

function apiText(price: ApiPrice): string {
  return [apiName(price), ...(price.aliases ?? [])].join(' ');
}

function byText<T>(textOf: (one: T) => string): (a: T, b: T) => number {
  return (a, b) => textOf(a).localeCompare(textOf(b), 'en');
}
