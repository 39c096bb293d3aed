import type { TornadoBar } from '../../economics/propagate.ts';
import { formatNumber } from '../format.ts';
import { textGrid } from '../text-grid.ts';

const BAR_WIDTH = 30;

/** The bars of a tornado, largest first: each input's bounds, what they make of the result, and how long the bar is. */
export function tornadoLines<K extends string>(
  bars: readonly TornadoBar<K>[],
  label: (input: K) => string,
  unit: string,
): string[] {
  const longest = Math.max(...bars.map(({ atLow, atHigh }) => Math.abs(atHigh - atLow)));
  const rows = bars.map(({ input, atLow, atHigh }) => {
    const size = longest === 0 ? 0 : Math.abs(atHigh - atLow) / longest;
    const bar = '#'.repeat(Math.max(1, Math.round(BAR_WIDTH * size)));
    return [label(input), formatNumber(atLow), formatNumber(atHigh), bar];
  });
  return textGrid(
    [
      { heading: ['input'], align: 'left' },
      { heading: [`${unit} at its low`], align: 'right' },
      { heading: ['at its high'], align: 'right' },
      { heading: ['how much it matters'], align: 'left' },
    ],
    rows,
  );
}
