import { RATE_KINDS, RATE_NAMES } from '../../economics/prices/api-rates.ts';
import { apiName, offerPlace } from '../../economics/prices/lookup.ts';
import type {
  ApiPrice,
  ApiRates,
  GpuOffer,
  PriceOrigin,
} from '../../economics/prices/price-book.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { counted, plainText } from '../format.ts';
import { type GridColumn, textGrid, wrapText } from '../text-grid.ts';
import { intervalText } from './figure.ts';
import { clippedName, priceText } from './price-cells.ts';
import type { ShownPrices } from './prices-json.ts';

const WIDTH = 100;
const LONGEST_GPU = 18;
const LONGEST_PLACE = 42;
const LONGEST_MODEL = 46;

/** `mtok prices list`: GPUs and models with what they cost on a day. */
export function renderPriceList(
  shown: ShownPrices,
  { areApisCounted }: { areApisCounted: boolean },
): string {
  const { gpus, apis, day, sha256 } = shown;
  const areListed = apis.length > 0 && !areApisCounted;
  const lines = [
    ...(gpus.length === 0 ? [] : [...gpuGrid(gpus, 'read'), '']),
    ...(areListed ? [...modelGrid(apis), ''] : []),
    ...(gpus.length + apis.length === 0 ? ['No price matches.'] : []),
    ...wrapText(
      `Prices on ${day}: ${unitsText(gpus, areListed)}. ${footnotes(gpus, areListed ? apis : [])}`.trim(),
      WIDTH,
    ),
    ...(areListed && apis.some(({ tiers }) => tiers.length > 0)
      ? ['+: dearer for long prompts, see mtok prices show.']
      : []),
    ...(apis.length > 0 && areApisCounted
      ? [`${counted(apis.length, 'API model')} besides: list them with --api or --match.`]
      : []),
    `Price book ${sha256.slice(0, 12)}.`,
  ];
  return `${lines.join('\n')}\n`;
}

/** `mtok prices show`: every price of one thing with its days and its source. */
export function renderPriceHistory({ gpus, apis, sha256 }: ShownPrices): string {
  const [first] = apis;
  const title = first === undefined ? (gpus[0]?.gpu ?? '') : apiName(first);
  const lines = [
    plainText(title),
    '',
    ...(first === undefined ? gpuGrid(gpus, 'days') : rateGrid(apis)),
    '',
    ...wrapText(
      `${first === undefined ? 'USD per GPU-hour' : 'USD per million tokens'}. ${footnotes(gpus, apis)}`.trim(),
      WIDTH,
    ),
    ...requestFees(apis),
    ...variations(apis),
    ...otherNames(apis),
    ...sources([...gpus, ...apis]),
    `Price book ${sha256.slice(0, 12)}.`,
  ];
  return `${lines.join('\n')}\n`;
}

function unitsText(gpus: readonly GpuOffer[], areApisListed: boolean): string {
  const units = [
    ...(gpus.length > 0 || !areApisListed ? ['USD per GPU-hour'] : []),
    ...(areApisListed ? ['USD per million tokens'] : []),
  ];
  return units.join(', ');
}

const left = (...heading: string[]): GridColumn => ({ heading, align: 'left' });
const right = (...heading: string[]): GridColumn => ({ heading, align: 'right' });

function gpuGrid(gpus: readonly GpuOffer[], last: 'read' | 'days'): string[] {
  const rows = gpus.map((offer) => [
    clippedName(offer.gpu, LONGEST_GPU),
    offer.kind,
    clippedName(offerPlace(offer), LONGEST_PLACE),
    priceText(offer.usdPerGpuHour),
    ...(last === 'read' ? [offer.readOn ?? '-'] : [offer.from ?? '-', offer.until ?? '-']),
  ]);
  const columns = [left('GPU'), left('kind'), left('provider/region/instance'), right('USD')];
  const days = last === 'read' ? [left('read on')] : [left('from'), left('until')];
  return textGrid([...columns, ...days], rows);
}

function modelGrid(apis: readonly ApiPrice[]): string[] {
  const rows = apis.map((price) => [
    clippedName(`${apiName(price)}${price.tiers.length > 0 ? ' +' : ''}`, LONGEST_MODEL),
    ...rateCells(price.rates),
    price.from ?? '-',
  ]);
  return textGrid([left('model'), ...RATE_COLUMNS, left('since')], rows);
}

const RATE_COLUMNS = [right('input'), right('output'), right('cached'), right('written')];

function rateCells({ input, output, cacheRead, cacheWrite }: ApiRates): string[] {
  return [input, output, cacheRead, cacheWrite].map(priceText);
}

/** A row for each time and each class: the plain rates, those of longer prompts, those of batches. */
function rateGrid(apis: readonly ApiPrice[]): string[] {
  const rows = apis.flatMap(({ from, until, rates, tiers, batch }) => [
    [from ?? '-', until ?? '-', 'standard', ...rateCells(rates)],
    ...tiers.map(({ aboveInputTokens, rates: above }) => [
      '',
      '',
      `prompts above ${aboveInputTokens}`,
      ...rateCells(above),
    ]),
    ...(batch === null ? [] : [['', '', 'batch', ...rateCells(batch)]]),
  ]);
  return textGrid([left('from'), left('until'), left('class'), ...RATE_COLUMNS], rows);
}

function footnotes(gpus: readonly GpuOffer[], apis: readonly ApiPrice[]): string {
  const figures: Quantity[] = [
    ...gpus.map(({ usdPerGpuHour }) => usdPerGpuHour),
    ...apis.flatMap(({ rates }) => Object.values(rates) as Quantity[]),
  ];
  const notes = [
    apis.length > 0 ? 'cached, written: input tokens read from and written to its cache' : '',
    figures.some((figure) => !isKnown(figure)) ? '?: not known' : '',
    figures.some((figure) => isKnown(figure) && figure.low !== null) ? '~: varies' : '',
  ].filter((note) => note !== '');
  return notes.length === 0 ? '' : `${notes.join('; ')}.`;
}

/** What `~` stands for, with the bounds. */
function variations(apis: readonly ApiPrice[]): string[] {
  const parts = apis.flatMap(({ rates }) =>
    RATE_KINDS.flatMap((kind) => {
      const interval = intervalText(rates[kind]);
      return interval === '' ? [] : [`${RATE_NAMES[kind]} ${interval}`];
    }),
  );
  const texts = [...new Set(parts)];
  return texts.length === 0 ? [] : wrapText(`Varies: ${texts.join('; ')}.`, WIDTH);
}

function requestFees(apis: readonly ApiPrice[]): string[] {
  return apis
    .filter(({ usdPerRequest }) => usdPerRequest.value !== 0)
    .map(
      ({ usdPerRequest, from }) =>
        `Each request costs ${priceText(usdPerRequest)} USD besides${from === null ? '' : ` since ${from}`}.`,
    );
}

function otherNames(apis: readonly ApiPrice[]): string[] {
  const names = [...new Set(apis.flatMap(({ aliases }) => aliases ?? []))];
  return names.length === 0
    ? []
    : wrapText(`Also named ${names.map(plainText).join(', ')}.`, WIDTH);
}

function sources(prices: readonly PriceOrigin[]): string[] {
  const texts = prices.map(
    ({ source, readOn }) =>
      `Source: ${plainText(source)}${readOn === null ? '' : `, read ${readOn}`}.`,
  );
  return [...new Set(texts)].flatMap((text) => wrapText(text, WIDTH));
}
