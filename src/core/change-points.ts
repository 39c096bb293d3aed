/** One value of a series; bounds of its 95 % interval are null where there is none. */
export interface SeriesPoint {
  value: number;
  low: number | null;
  high: number | null;
}

/**
 * Where a series moved: for every point value / value before, if it differs by more than `margin` (0.02: beyond
 * 1.02 or below 1 / 1.02) and the intervals of both do not overlap; null elsewhere, at the first point, and where
 * one of the two has no interval. Only neighbours are compared: a drift in steps below the margin goes unseen.
 */
export function changePoints(points: readonly SeriesPoint[], margin: number): (number | null)[] {
  return points.map((point, i) => {
    const before = points[i - 1];
    return before === undefined ? null : change(before, point, margin);
  });
}

function change(before: SeriesPoint, after: SeriesPoint, margin: number): number | null {
  if (before.low === null || before.high === null) return null;
  if (after.low === null || after.high === null) return null;
  if (before.value <= 0 || after.value <= 0) return null;
  const isApart = after.low > before.high || after.high < before.low;
  const ratio = after.value / before.value;
  return isApart && Math.max(ratio, 1 / ratio) > 1 + margin ? ratio : null;
}
