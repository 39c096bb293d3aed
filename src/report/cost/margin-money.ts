import { plainText } from '../format.ts';

/** `-$1,234.50`, as a bill shows it; three digits below a cent, six above a trillion. */
export function moneyText(usd: number): string {
  const sign = usd < 0 ? '-' : '';
  return `${sign}$${amountText(Math.abs(usd))}`;
}

function amountText(size: number): string {
  if (size >= 1e12) return size.toPrecision(6);
  if (size >= 0.005 || size === 0) {
    return size.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',');
  }
  return size.toPrecision(3);
}

/** `-51.72 %`. */
export function shareText(share: number): string {
  const percent = 100 * share;
  if (Math.abs(percent) >= 1e6) return `${percent.toPrecision(3)} %`;
  return `${percent.toFixed(Math.abs(percent) >= 1000 ? 0 : 2)} %`;
}

/** Whole thousands apart: `1,000,000`. */
export function countText(count: number): string {
  return count >= 1e15 ? count.toPrecision(6) : String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A name from a file in at most so many columns of a terminal; `(none)` for an empty one. */
export function nameText(name: string, width: number): string {
  const plain = plainText(name);
  if (plain === '') return '(none)';
  let used = 0;
  let shown = '';
  for (const character of plain) {
    // Characters beyond Latin may take two columns; counting them so keeps a table within its width.
    used += (character.codePointAt(0) ?? 0) > 0x10ff ? 2 : 1;
    if (used > width - 1) return `${shown}…`;
    shown += character;
  }
  return shown;
}
