import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { plainText } from '../format.ts';

/** A listed price: not rounded to three digits as results are; `~` marks one with an interval, `?` an unknown one. */
export function priceText(quantity: Quantity): string {
  if (!isKnown(quantity)) return '?';
  const { value, low } = quantity;
  return `${low === null ? '' : '~'}${Number(value.toPrecision(5))}`;
}

/** Long names lose their middle: both ends tell them apart. */
export function clippedName(name: string, longest: number): string {
  const text = plainText(name);
  if (text.length <= longest) return text;
  const tail = Math.floor((longest - 3) / 2);
  return `${text.slice(0, longest - 3 - tail)}...${text.slice(-tail)}`;
}
