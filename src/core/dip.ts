import { invariant } from './errors.ts';

/**
 * Hartigan's dip: the largest distance between the samples' distribution function and the unimodal one that
 * is nearest to it (Hartigan and Hartigan 1985). From 1/(2n) for evenly spread samples to 1/4 for two equal
 * lumps far apart. Unlike the bimodality coefficient it is blind to skew and to far outliers, which every
 * series of timings has. `sorted` ascending, at least one.
 *
 * Distances are counted in samples here: the function steps by 1 at each.
 */
export function dip(sorted: ArrayLike<number>): number {
  const n = sorted.length;
  invariant(n > 0, 'dip of an empty sample');
  if (at(sorted, 0) === at(sorted, n - 1)) return 1 / (2 * n);
  const below = hullLinks(sorted, 'convex');
  const above = hullLinks(sorted, 'concave');
  let [low, high] = [0, n - 1];
  let largest = 1;
  for (;;) {
    const minorant = chain(below, high, low).reverse();
    const majorant = chain(above, low, high);
    const widest = widestGap(sorted, minorant, majorant);
    if (widest.gap < largest) break;
    const left = minorant.filter((index) => index <= widest.low);
    const right = majorant.filter((index) => index >= widest.high);
    largest = Math.max(
      largest,
      deviation(sorted, left, 'convex'),
      deviation(sorted, right, 'concave'),
    );
    if (widest.low === low && widest.high === high) break;
    [low, high] = [widest.low, widest.high];
  }
  return largest / (2 * n);
}

type Shape = 'convex' | 'concave';

/**
 * For each sample the next corner of the hull that ends there: towards the left for the greatest convex
 * minorant, towards the right for the least concave majorant of the points (sample, index).
 */
function hullLinks(sorted: ArrayLike<number>, shape: Shape): Int32Array {
  const n = sorted.length;
  const links = new Int32Array(n);
  const [start, step] = shape === 'convex' ? [0, 1] : [n - 1, -1];
  links[start] = start;
  for (let i = start + step; i >= 0 && i < n; i += step) {
    let corner = i - step;
    while (corner !== start) {
      const next = at(links, corner);
      const toCorner = (at(sorted, i) - at(sorted, corner)) * (corner - next);
      const beyond = (at(sorted, corner) - at(sorted, next)) * (i - corner);
      // The corner stays where the slope turns the hull's way.
      if (toCorner < beyond) break;
      corner = next;
    }
    links[i] = corner;
  }
  return links;
}

/** Corners from one index to another by their links. */
function chain(links: Int32Array, from: number, to: number): number[] {
  const corners = [from];
  for (let i = from; i !== to; ) {
    const next = at(links, i);
    i = to < from ? Math.max(next, to) : Math.min(next, to);
    corners.push(i);
  }
  return corners;
}

interface Gap {
  gap: number;
  /** Corners between which the hulls are furthest apart: on the minorant and on the majorant. */
  low: number;
  high: number;
}

/** Where majorant and minorant, both ascending over the same interval, are furthest apart; the last such place. */
function widestGap(
  sorted: ArrayLike<number>,
  minorant: readonly number[],
  majorant: readonly number[],
): Gap {
  let widest: Gap = { gap: 0, low: at(minorant, 0), high: at(majorant, majorant.length - 1) };
  if (minorant.length === 2 && majorant.length === 2) return { ...widest, gap: 1 };
  const consider = (gap: number, low: number, high: number) => {
    if (gap >= widest.gap) widest = { gap, low, high };
  };
  let [g, l] = [1, 1];
  while (g < minorant.length - 1 || l < majorant.length - 1) {
    const [below, above] = [at(minorant, g), at(majorant, l)];
    if (above < below) {
      const from = at(minorant, g - 1);
      consider(above + 1 - onLine(sorted, from, below, above), from, above);
      l += 1;
    } else {
      const from = at(majorant, l - 1);
      consider(onLine(sorted, from, above, below) - (below - 1), below, above);
      g += 1;
    }
  }
  return widest;
}

/** Furthest that the steps within the hull's segments lie from it, at least 1. */
function deviation(sorted: ArrayLike<number>, corners: readonly number[], shape: Shape): number {
  let furthest = 1;
  corners.slice(1).forEach((to, i) => {
    const from = at(corners, i);
    if (at(sorted, to) === at(sorted, from)) return;
    for (let inner = from; inner <= to; inner++) {
      const line = onLine(sorted, from, to, inner);
      furthest = Math.max(furthest, shape === 'convex' ? inner + 1 - line : line - (inner - 1));
    }
  });
  return furthest;
}

/** Height at sample `inner` of the line from the point (sample, index) of `from` to that of `to`. */
function onLine(sorted: ArrayLike<number>, from: number, to: number, inner: number): number {
  const run = at(sorted, to) - at(sorted, from);
  if (run === 0) return from;
  return from + ((at(sorted, inner) - at(sorted, from)) * (to - from)) / run;
}

function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  invariant(value !== undefined, `no element ${index} of ${values.length}`);
  return value;
}
