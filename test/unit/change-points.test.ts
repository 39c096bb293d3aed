import { describe, expect, it } from 'vitest';
import { changePoints } from '../../src/core/change-points.ts';

const point = (value: number, halfWidth: number | null) => ({
  value,
  low: halfWidth === null ? null : value - halfWidth,
  high: halfWidth === null ? null : value + halfWidth,
});

describe('change points', () => {
  it('need both a difference beyond the margin and intervals that are apart', () => {
    const points = [
      point(100, 1), // the first has nothing before it
      point(101.5, 0.1), // apart, but within 2 %
      point(110, 1), // beyond 2 %, 109 > 101.6
      point(100, 20), // beyond, but 80 to 120 covers 110
      point(50, 1),
    ];
    expect(changePoints(points, 0.02)).toEqual([null, null, 110 / 101.5, null, 0.5]);
  });

  it('judge a fall as a rise: the margin is a ratio', () => {
    const fall = changePoints([point(102.1, 0.01), point(100, 0.01)], 0.02);
    expect(fall[1]).toBeCloseTo(100 / 102.1, 12);
    expect(changePoints([point(101.9, 0.01), point(100, 0.01)], 0.02)).toEqual([null, null]);
  });

  it('say nothing where a value has no interval or is 0', () => {
    expect(changePoints([point(1, null), point(9, 0.1), point(1, null)], 0.02)).toEqual([
      null,
      null,
      null,
    ]);
    expect(changePoints([point(0, 0), point(9, 0)], 0.02)).toEqual([null, null]);
    expect(changePoints([], 0.02)).toEqual([]);
  });

  it('see counted values that differ, whose bounds are themselves', () => {
    expect(changePoints([point(100, 0), point(100, 0), point(110, 0)], 0.02)).toEqual([
      null,
      null,
      1.1,
    ]);
  });
});
