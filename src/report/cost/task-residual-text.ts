import { isKnown } from '../../economics/quantity.ts';
import type { NeededPerCall } from '../../economics/task/residual.ts';
import type { UnitCost } from '../../economics/task/unit-cost-types.ts';
import { plainText } from '../format.ts';
import { wrapText } from '../text-grid.ts';
import { numberText, percentText, usdText } from './figure.ts';

const MOST_STEPS = 6;

/** What a claimed cost leaves unexplained, and what calls would have to cost to explain it. */
export function residualLines({ residual, usdPerUnit }: UnitCost, width: number): string[] {
  if (residual === null) return [];
  const { claimedUsd, unexplainedUsd, unexplainedShare, neededPerCall } = residual;
  if (!isKnown(unexplainedUsd)) return [];
  const claim = `Claimed: ${usdText(claimedUsd)} a unit.`;
  if (unexplainedUsd.value <= 0) {
    return wrapText(
      `${claim} The steps cost ${usdText({ ...unexplainedUsd, value: -unexplainedUsd.value, low: null, high: null })} more.`,
      width,
    );
  }
  const most = isKnown(usdPerUnit) ? '' : 'at most ';
  const share = isKnown(unexplainedShare) ? ` (${percentText(unexplainedShare.value)})` : '';
  const needed = neededPerCall === null ? '' : ` ${neededText(neededPerCall)}`;
  return wrapText(
    `${claim} The steps leave ${most}${usdText(unexplainedUsd)} of it unexplained${share}.${needed}`,
    width,
  );
}

function neededText({ steps, usd, lowUsd, highUsd }: NeededPerCall): string {
  const names = steps.slice(0, MOST_STEPS).map(plainText);
  const rest = steps.length - names.length;
  const range =
    lowUsd === null || highUsd === null || lowUsd === highUsd
      ? ''
      : `; from $${numberText(lowUsd)} in a unit of most calls to $${numberText(highUsd)} in one of fewest`;
  return (
    `To reach it each call of ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''} would have to cost ` +
    `${usdText(usd)}${range}.`
  );
}
