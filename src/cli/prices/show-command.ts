import { BenchError } from '../../core/errors.ts';
import { pricesOfModel } from '../../economics/prices/lookup.ts';
import { plainName } from '../../economics/prices/near-names.ts';
import { byStart } from '../../economics/prices/periods.ts';
import { pricesJson } from '../../report/cost/prices-json.ts';
import { renderPriceHistory } from '../../report/cost/prices-text.ts';
import { loadPriceBook } from '../cost/price-book.ts';
import { EXIT } from '../failure.ts';

/** Options of `mtok prices show` as typed. */
export interface ShowArguments {
  prices?: string[];
  json?: true;
}

/** Runs `mtok prices show`: all days of one GPU or one model. Throws `usage` for a name that is neither. */
export async function showCommand(name: string, argv: ShowArguments): Promise<number> {
  const book = await loadPriceBook(argv.prices);
  const gpus = book.gpus.filter(({ gpu }) => plainName(gpu) === plainName(name)).sort(byStart);
  const apis =
    gpus.length > 0
      ? []
      : modelOf(
          book.apis,
          name,
          book.gpus.map(({ gpu }) => gpu),
        );
  const shown = { day: null, sha256: book.sha256, gpus, apis };
  process.stdout.write(
    argv.json ? `${JSON.stringify(pricesJson(shown), null, 2)}\n` : renderPriceHistory(shown),
  );
  return EXIT.ok;
}

function modelOf(
  apis: Parameters<typeof pricesOfModel>[0],
  name: string,
  gpus: readonly string[],
): ReturnType<typeof pricesOfModel> {
  try {
    return pricesOfModel(apis, name);
  } catch (error) {
    const isShort = !name.includes('/') && name.length < 12;
    if (!(error instanceof BenchError) || !isShort || !error.message.includes('no API model')) {
      throw error;
    }
    const hint = `${error.hint ?? ''} Its GPUs are ${[...new Set(gpus)].slice(0, 30).join(', ')}.`;
    throw new BenchError('usage', error.message.replace('API model', 'GPU or API model'), {
      hint: hint.trim(),
    });
  }
}
