import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { plainText } from '../format.ts';
import { displayWidth } from '../text-grid.ts';

/** A listed price: not rounded to three digits as results are; `~` marks one with an interval, `?` an unknown one. */
export function priceText(quantity: Quantity): string {
  if (!isKnown(quantity)) return '?';
  const { value, low } = quantity;
  return `${low === null ? '' : '~'}${Number(value.toPrecision(5))}`;
}

/** Long names lose their middle: both ends tell them apart. */
export function clippedName(name: string, longest: number): string {
  const text = plainText(name);
  if (displayWidth(text) <= longest) return text;
  const characters = [...text];
  const tail = Math.floor((longest - 3) / 2);
  const end = beginning(characters.toReversed(), tail).toReversed();
  return `${beginning(characters, longest - 3 - tail).join('')}...${end.join('')}`;
}

function beginning(characters: readonly string[], width: number): string[] {
  let used = 0;
  const end = characters.findIndex((character) => {
    used += displayWidth(character);
    return used > width;
  });
  return characters.slice(0, end === -1 ? characters.length : end);
}
