import { describe, expect, it } from 'vitest';
import { assertTelling, compare } from '../../bench/kernels/compare.ts';
import type { Expectation } from '../../bench/kernels/expectation.ts';
import { bytesOf } from '../../bench/kernels/values.ts';

const expectCodes: Expectation = {
  kind: 'codes',
  values: Float64Array.of(126.8, -3.4999, 2.5, Number.NaN),
};
const before = bytesOf(Int8Array.of(9, 9, 9, 9));
const problemOf = (...codes: number[]) =>
  compare(expectCodes, bytesOf(Int8Array.from(codes)), before).problem;

describe('codes', () => {
  it('on a boundary may fall to either side of it', () => {
    for (const second of [-3, -4]) {
      for (const third of [2, 3]) expect(problemOf(127, second, third, 9)).toBeNull();
    }
  });

  it.each([
    [[126, -3, 2, 9], /\[0\] is 126, wanted the code nearest to 126\.8/],
    [[127, -5, 2, 9], /\[1\] is -5/],
    [[127, -3, 4, 9], /\[2\] is 4/],
    [[127, -3, 2, 0], /\[3\] is 0, wanted untouched \(9\)/],
  ])('%j are wrong', (codes, problem) => expect(problemOf(...codes)).toMatch(problem));

  it('that zeros would match prove nothing', () => {
    assertTelling(expectCodes, before, 'codes');
    const small: Expectation = { kind: 'codes', values: Float64Array.of(0.2, -0.5, 0, 0) };
    expect(() => assertTelling(small, before, 'codes')).toThrow(/zeros would pass/);
  });
});
