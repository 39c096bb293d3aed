import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { fromFloat16, toFloat16 } from '../../src/model/float16.ts';
import { dequantise, quantise } from '../../src/model/quantise.ts';

const { fround } = Math;

/** Q4_0 and Q8_0 written once more, a block at a time and with lists, to compare with. */
function blockByHand(format: 'int4' | 'int8', block: number[]): { codes: number[]; scale: number } {
  const magnitudes = block.map(Math.abs);
  const largest = Math.max(...magnitudes);
  if (format === 'int4') {
    // Of zeros alone the largest is +0 whatever their signs, which makes the scale −0.
    const extreme = largest === 0 ? 0 : (block[magnitudes.indexOf(largest)] ?? 0);
    const d = fround(extreme / -8);
    const id = d === 0 ? 0 : fround(1 / d);
    const codes = block.map((x) => Math.min(15, Math.trunc(fround(fround(x * id) + 8.5))));
    return { codes, scale: toFloat16(d) };
  }
  const d = fround(largest / 127);
  const id = d === 0 ? 0 : fround(1 / d);
  const codes = block.map((x) => {
    const scaled = fround(x * id);
    return Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5) + 0;
  });
  return { codes, scale: toFloat16(d) };
}

function codesOf(format: 'int4' | 'int8', bytes: Uint8Array): number[] {
  if (format === 'int8') return [...new Int8Array(bytes.slice().buffer)];
  return [...bytes].flatMap((pair) => [pair & 15, pair >> 4]);
}

function scalesOf(planes: { scales?: Uint8Array }): number[] {
  return [...new Uint16Array(planes.scales?.slice().buffer ?? new ArrayBuffer(0))];
}

/** Weights as they occur: normal size, tiny, zero, and all zero. */
const weight = fc.oneof(
  fc.float({ min: fround(-2), max: fround(2), noNaN: true }),
  fc.float({ min: fround(-1e-6), max: fround(1e-6), noNaN: true }),
  fc.constantFrom(0, -0, 0.5, -0.5, 1, -1),
);
const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 3 }), cols: fc.integer({ min: 1, max: 100 }) })
  .chain(({ rows, cols }) =>
    fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      values: fc.array(weight, { minLength: rows * cols, maxLength: rows * cols }),
    }),
  );

describe.each(['int4', 'int8'] as const)('%s', (format) => {
  const zero = format === 'int4' ? 8 : 0;

  it('has the codes and scales of the rule, and filled-up last blocks', () => {
    fc.assert(
      fc.property(matrix, ({ rows, cols, values }) => {
        const planes = quantise(format, Float32Array.from(values), rows, cols);
        const codes = codesOf(format, planes.codes ?? new Uint8Array());
        const scales = scalesOf(planes);
        const blocks = Math.ceil(cols / 32);
        expect(codes.length).toBe(rows * blocks * 32);
        for (let slot = 0; slot < rows * blocks; slot++) {
          const row = Math.floor(slot / blocks);
          const from = (slot % blocks) * 32;
          const block = values.slice(row * cols + from, row * cols + Math.min(from + 32, cols));
          const expected = blockByHand(format, block);
          const filler = Array(32 - block.length).fill(zero);
          // A step too small for f16 makes the whole block zero, whatever its codes say.
          if ((expected.scale & 0x7fff) !== 0) {
            expect(codes.slice(slot * 32, slot * 32 + 32)).toEqual([...expected.codes, ...filler]);
          }
          expect(scales[slot]).toBe(expected.scale);
        }
      }),
    );
  });

  it('comes back within one step of the weights', () => {
    fc.assert(
      fc.property(matrix, ({ rows, cols, values }) => {
        const planes = quantise(format, Float32Array.from(values), rows, cols);
        const back = dequantise(format, planes, rows, cols);
        const scales = scalesOf(planes).map((bits) => Math.abs(fromFloat16(bits)));
        const blocks = Math.ceil(cols / 32);
        values.forEach((value, i) => {
          const step = scales[Math.floor(i / cols) * blocks + Math.floor((i % cols) / 32)] ?? 0;
          // Half a step each way (one whole step at the far end of int4), and what f16 takes from the step:
          // 2⁻¹¹ of it in general, 2⁻²⁵ absolute where it is subnormal, times the code.
          const codes = format === 'int4' ? 8 : 127;
          const reach = format === 'int4' ? 1 : 0.5;
          const tolerance = step * (reach + codes * 2 ** -11) + codes * 2 ** -25 + 1e-12;
          expect(Math.abs((back[i] ?? 0) - value)).toBeLessThanOrEqual(tolerance);
        });
      }),
    );
  });

  it('refuses a block whose scale leaves the range of f16 and says where', () => {
    const values = new Float32Array(3 * 40);
    values[2 * 40 + 35] = 3e8;
    expect(() => quantise(format, values, 3, 40)).toThrow(/row 2, column 32 .*f16/);
    expect(() => quantise(format, values, 3, 40)).toThrow(BenchError);
  });

  it('makes zeros of weights so small that 1/d overflows', () => {
    const values = new Float32Array(32).fill(1e-44);
    expect([...dequantise(format, quantise(format, values, 1, 32), 1, 32)].map(Math.abs)).toEqual(
      Array(32).fill(0),
    );
  });
});

describe('int4 by example', () => {
  it('gives the weight of largest magnitude code 0 and rounds halves up', () => {
    // d = -4/-8 = 0.5: -4 → 0, 0 → 8, 0.25 → 8.5+0.5 = 9, 4 → 16 → 15.
    const values = Float32Array.of(-4, 0, 0.25, 4, ...Array(28).fill(0));
    const { codes, scales } = quantise('int4', values, 1, 32);
    expect([...(codes ?? [])].slice(0, 2)).toEqual([0x80, 0xf9]);
    expect([...(scales ?? [])]).toEqual([0x00, 0x38]); // 0.5
  });
});

describe('int8 by example', () => {
  it('rounds halves away from zero', () => {
    const values = Float32Array.of(127, 0.5, -0.5, 1.5, -1.5, 0.49, -127, ...Array(25).fill(0));
    const { codes, scales } = quantise('int8', values, 1, 32);
    expect(codesOf('int8', codes ?? new Uint8Array()).slice(0, 7)).toEqual([
      127, 1, -1, 2, -2, 0, -127,
    ]);
    expect([...(scales ?? [])]).toEqual([0x00, 0x3c]); // 1
  });
});

describe('f16 and f32', () => {
  it('round to f16, keep f32', () => {
    const values = Float32Array.of(1, 0.1, -3.1401);
    const f16 = dequantise('f16', quantise('f16', values, 1, 3), 1, 3);
    expect([...f16]).toEqual([1, 0.0999755859375, -3.140625]);
    expect([...dequantise('f32', quantise('f32', values, 1, 3), 1, 3)]).toEqual([...values]);
  });

  it('refuse a weight beyond the range of f16', () => {
    expect(() => quantise('f16', Float32Array.of(0, 0, 0, 65520), 2, 2)).toThrow(
      /Weight 65520 at row 1, column 1 exceeds the range of f16/,
    );
    expect(() => quantise('f16', Float32Array.of(65519), 1, 1)).not.toThrow();
  });

  it('do not share memory with what they were made from', () => {
    const values = Float32Array.of(1, 2);
    const { data } = quantise('f32', values, 1, 2);
    values.fill(0);
    expect([...dequantise('f32', { data }, 1, 2)]).toEqual([1, 2]);
  });
});
