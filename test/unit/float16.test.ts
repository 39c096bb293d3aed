import { describe, expect, it } from 'vitest';
import {
  fromBfloat16Array,
  fromFloat16,
  fromFloat16Array,
  toFloat16,
  toFloat16Array,
} from '../../src/model/float16.ts';

const allBits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** The neighbouring f32 above or below a positive f32. */
function nextFloat32(value: number, step: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  return new Float32Array(Uint32Array.of((bits[0] ?? 0) + step).buffer)[0] ?? 0;
}

describe('fromFloat16', () => {
  // IEEE 754 binary16, bit patterns and values as the standard's tables give them.
  it.each([
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 0.00006103515625],
    [0x3555, 0.333251953125],
    [0x3bff, 0.99951171875],
    [0x3c00, 1],
    [0x3c01, 1.0009765625],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('%i is %f', (bits, value) => {
    expect(fromFloat16(bits)).toBe(value);
  });

  it('keeps the sign of zero', () => {
    expect(Object.is(fromFloat16(0x8000), -0)).toBe(true);
  });

  it('agrees with the bulk conversion everywhere', () => {
    const values = fromFloat16Array(allBits);
    for (const bits of allBits) expect(Object.is(values[bits], fromFloat16(bits))).toBe(true);
  });
});

describe('toFloat16', () => {
  it('gives back all 65536 values', () => {
    const back = toFloat16Array(fromFloat16Array(allBits));
    for (const bits of allBits) {
      if (Number.isNaN(fromFloat16(bits))) expect(fromFloat16(back[bits] ?? 0)).toBeNaN();
      else expect(back[bits]).toBe(bits);
    }
  });

  it('rounds to the nearest, ties to even, between all neighbours of both signs', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (fromFloat16(bits) + fromFloat16(bits + 1)) / 2; // exact in f32
      const even = bits % 2 === 0 ? bits : bits + 1;
      const got = [nextFloat32(middle, -1), middle, nextFloat32(middle, 1)].map(toFloat16);
      expect(got).toEqual([bits, even, bits + 1]);
      expect(toFloat16(-middle)).toBe(even | 0x8000);
    }
  });

  it('overflows to infinity from 65520 on', () => {
    expect(toFloat16(nextFloat32(65520, -1))).toBe(0x7bff);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(toFloat16(-1e30)).toBe(0xfc00);
    expect(toFloat16(Number.NEGATIVE_INFINITY)).toBe(0xfc00);
  });

  it('rounds what is far below the smallest subnormal to zero of the same sign', () => {
    expect(toFloat16(2 ** -149)).toBe(0);
    expect(toFloat16(-(2 ** -26))).toBe(0x8000);
  });

  it('agrees with the bulk conversion', () => {
    const values = Float32Array.from({ length: 5000 }, (_, i) =>
      Math.fround(Math.sin(i) * 2 ** ((i % 40) - 24)),
    );
    expect([...toFloat16Array(values)]).toEqual([...values].map(toFloat16));
  });
});

describe('fromBfloat16Array', () => {
  it('is the upper half of an f32', () => {
    const bits = Uint16Array.of(0x3f80, 0xc040, 0x0000, 0x7f80, 0x4049);
    expect([...fromBfloat16Array(bits)]).toEqual([1, -3, 0, Number.POSITIVE_INFINITY, 3.140625]);
  });
});
