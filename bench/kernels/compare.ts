import { invariant } from '../../src/core/errors.ts';
import { fromFloat16Array } from '../../src/model/float16.ts';
import { CODE_BOUND, type Expectation } from './expectation.ts';
import { BEHIND_OUTPUT } from './values.ts';

/** How close an output came. */
export interface Accuracy {
  /** Σ(got − want)² / Σ want²; 0 for outputs that are compared bit for bit. */
  readonly nmse: number;
  /** The first thing that is wrong; null when all is well. */
  readonly problem: string | null;
}

type FloatExpectation = Extract<Expectation, { kind: 'floats' }>;
type CodeExpectation = Extract<Expectation, { kind: 'codes' }>;
type WordExpectation = Extract<Expectation, { kind: 'words' }>;

/** Holds what a buffer holds now against what it must hold; `before` is what it held before the run. */
export function compare(expect: Expectation, got: Uint8Array, before: Uint8Array): Accuracy {
  switch (expect.kind) {
    case 'scratch':
      return { nmse: 0, problem: null };
    case 'words':
      return compareWords(expect, toWords(got), toWords(before));
    case 'floats':
      return compareFloats(expect, got, before);
    case 'codes':
      return compareCodes(expect, toCodes(got), toCodes(before));
  }
}

/**
 * Throws when the reference proves nothing: when writing zeros everywhere, or nothing at all, would pass.
 */
export function assertTelling(expect: Expectation, before: Uint8Array, what: string): void {
  if (expect.kind === 'scratch') return;
  const zeros = compare(expect, new Uint8Array(before.byteLength), before);
  invariant(zeros.problem, `${what}: zeros would pass`);
  invariant(compare(expect, before, before).problem, `${what}: doing nothing would pass`);
  if (expect.kind !== 'floats') return;
  const allowed = elementBound(expect);
  const wanted = expect.values.filter((v) => v !== 0 && !Number.isNaN(v));
  const telling = wanted.filter((v) => Math.abs(v) > 20 * allowed(v)).length;
  invariant(
    wanted.length > 0 && 2 * telling >= wanted.length,
    `${what}: only ${telling} of ${wanted.length} wanted values stand out of the tolerance`,
  );
}

function compareFloats(expect: FloatExpectation, got: Uint8Array, before: Uint8Array): Accuracy {
  const { values, tolerance } = expect;
  const gotValues = toFloats(got, expect.scalar);
  const gotBits = toBits(got, expect.scalar);
  const beforeBits = toBits(before, expect.scalar);
  invariant(gotValues.length >= values.length, `${gotValues.length} values, not ${values.length}`);
  const allowed = elementBound(expect);
  const wrong: string[] = [];
  let count = 0;
  let [error, power] = [0, 0];
  const report = (text: () => string) => {
    count++;
    if (wrong.length < 3) wrong.push(text());
  };
  values.forEach((want, i) => {
    const value = gotValues[i] ?? Number.NaN;
    if (Number.isNaN(want)) {
      if (gotBits[i] !== beforeBits[i]) {
        report(() => `[${i}] was overwritten with ${value}, it is not the kernel's`);
      }
      return;
    }
    error += (value - want) ** 2;
    power += want ** 2;
    if (Math.abs(value - want) <= allowed(want)) return; // false for NaN
    const unwritten = gotBits[i] === beforeBits[i] ? ' (as before the run: not written?)' : '';
    report(
      () => `[${i}] is ${value}${unwritten}, wanted ${want} ± ${allowed(want).toPrecision(2)}`,
    );
  });
  const nmse = power === 0 ? error : error / power;
  if (count === 0 && !(nmse <= tolerance.nmse)) report(() => `NMSE over ${tolerance.nmse}`);
  const summary = `${wrong.join('; ')}; ${count} of ${values.length} wrong, NMSE ${nmse.toPrecision(3)}`;
  return { nmse, problem: count === 0 ? null : summary };
}

function compareWords(
  { values }: WordExpectation,
  got: Uint32Array,
  before: Uint32Array,
): Accuracy {
  const index = values.findIndex((want, i) => {
    if (want === 'any') return false;
    return got[i] !== (want === 'untouched' ? before[i] : want);
  });
  if (index < 0) return { nmse: 0, problem: null };
  const want = values[index];
  const wanted = typeof want === 'number' ? hex(want) : `${want} (${hex(before[index])})`;
  return { nmse: 0, problem: `[${index}] is ${hex(got[index])}, wanted ${wanted}` };
}

function compareCodes({ values }: CodeExpectation, got: Int8Array, before: Int8Array): Accuracy {
  const index = values.findIndex((want, i) => {
    if (Number.isNaN(want)) return got[i] !== before[i];
    return !(Math.abs((got[i] ?? Number.NaN) - want) <= CODE_BOUND);
  });
  if (index < 0) return { nmse: 0, problem: null };
  const want = values[index] ?? Number.NaN;
  const wanted = Number.isNaN(want)
    ? `untouched (${before[index]})`
    : `the code nearest to ${want}`;
  return { nmse: 0, problem: `[${index}] is ${got[index]}, wanted ${wanted}` };
}

/** What was written from byte `from` on, behind an output; null when nothing was. */
export function strayWrite(bytes: Uint8Array, from: number): string | null {
  const pattern = new Uint8Array(Uint32Array.of(BEHIND_OUTPUT).buffer);
  for (let i = from; i < bytes.byteLength; i++) {
    if (bytes[i] === pattern[i % 4]) continue;
    const word = toWords(bytes.subarray(0, bytes.byteLength & ~3))[i >> 2];
    return `byte ${i - from} past the end was overwritten: its word is now ${hex(word)}`;
  }
  return null;
}

/** The largest difference that is allowed of an element, by the value wanted. */
function elementBound({ values, tolerance }: FloatExpectation): (want: number) => number {
  const wanted = values.filter((v) => !Number.isNaN(v));
  const power = wanted.reduce((sum, v) => sum + v * v, 0);
  const floor = tolerance.absolute * Math.sqrt(power / Math.max(1, wanted.length));
  return (want) => tolerance.relative * Math.abs(want) + floor;
}

function hex(word: number | undefined): string {
  return word === undefined ? 'missing' : `0x${word.toString(16).padStart(8, '0')}`;
}

function toWords(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

function toCodes(bytes: Uint8Array): Int8Array {
  return new Int8Array(bytes.slice().buffer);
}

function toBits(bytes: Uint8Array, scalar: 'f32' | 'f16'): Uint32Array | Uint16Array {
  return scalar === 'f16' ? new Uint16Array(bytes.slice().buffer) : toWords(bytes);
}

function toFloats(bytes: Uint8Array, scalar: 'f32' | 'f16'): Float32Array {
  const copy = bytes.slice().buffer;
  return scalar === 'f16' ? fromFloat16Array(new Uint16Array(copy)) : new Float32Array(copy);
}
