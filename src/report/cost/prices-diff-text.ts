import type { PriceChange, PriceDiff } from '../../economics/prices/diff-prices.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { counted } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { figureJson, percentText } from './figure.ts';
import { clippedName, priceText } from './price-cells.ts';

const WIDTH = 100;
const LONGEST_NAME = 42;
const MOST_NAMES = 20;

/** A comparison with what was compared. */
export interface ShownDiff {
  before: string;
  after: string;
  diff: PriceDiff;
}

/** `mtok prices diff` for a terminal: the figures that changed, then what only one side has. */
export function renderPriceDiff({ before, after, diff }: ShownDiff): string {
  const { changed, gone, added, unchanged } = diff;
  const names = new Set(changed.map(({ name }) => name));
  const lines = [
    ...wrapText(`From ${before} to ${after}:`, WIDTH),
    '',
    ...(changed.length === 0 ? [] : [...changeGrid(changed), '']),
    ...wrapText(
      `${names.size} changed, ${unchanged} unchanged, ${gone.length} gone, ${added.length} new.`,
      WIDTH,
    ),
    ...namesLines('Gone', gone),
    ...namesLines('New', added),
  ];
  return `${lines.join('\n')}\n`;
}

export function priceDiffJson({ before, after, diff }: ShownDiff) {
  const { changed, ...rest } = diff;
  return {
    before,
    after,
    ...rest,
    changed: changed.map((one) => ({
      ...one,
      before: one.before && figureJson(one.before),
      after: one.after && figureJson(one.after),
    })),
  };
}

function changeGrid(changed: readonly PriceChange[]): string[] {
  return textGrid(
    [
      { heading: ['price of'], align: 'left' },
      { heading: ['what'], align: 'left' },
      { heading: ['before'], align: 'right' },
      { heading: ['after'], align: 'right' },
      { heading: ['change'], align: 'right' },
    ],
    changed.map(({ name, figure, before, after, change }) => [
      clippedName(name, LONGEST_NAME),
      figure,
      sideText(before),
      sideText(after),
      change === null ? '' : `${change > 0 ? '+' : ''}${percentText(change)}`,
    ]),
  );
}

/** A class that one side does not have is not an unknown price. */
function sideText(quantity: Quantity | null): string {
  if (quantity === null) return '-';
  return isKnown(quantity) ? priceText(quantity) : '?';
}

/** A name and the comma after it fit a line. */
const LONGEST_LISTED = WIDTH - 2;

function namesLines(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const first = [...names].sort().slice(0, MOST_NAMES);
  const shown = first.map((name) => clippedName(name, LONGEST_LISTED)).join(', ');
  const more =
    names.length > MOST_NAMES ? ` and ${counted(names.length - MOST_NAMES, 'other')}` : '';
  return wrapText(`${title}: ${shown}${more}.`, WIDTH);
}
