import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import type { LatencyName } from '../../src/economics/capacity/latency.ts';
import type { LoadCurve } from '../../src/economics/capacity/load-curve.ts';
import { type ReadCurvesOptions, readCurves } from '../../src/economics/capacity/read-curves.ts';
import type { Slo } from '../../src/economics/capacity/slo.ts';

/** Measured by others; see the README beside it. */
export const MEASURED_CURVES = fileURLToPath(
  new URL('../fixtures/load-curves/vllm-cost-meter.csv', import.meta.url),
);

export function measuredCurve(name: 'C2' | 'C5', options: ReadCurvesOptions = {}): LoadCurve {
  const { curves } = readCurves(readFileSync(MEASURED_CURVES, 'utf8'), 'curves.csv', options);
  const curve = curves.find((one) => one.name === name);
  if (curve === undefined) throw new Error(`no curve ${name}`);
  return curve;
}

/** The first curve of lines of CSV. */
export function curveOf(lines: readonly string[], options: ReadCurvesOptions = {}): LoadCurve {
  const [curve] = readCurves(lines.join('\n'), 'curve.csv', options).curves;
  if (curve === undefined) throw new Error('no curve');
  return curve;
}

export function sloOf(
  maxLatencyMs: Partial<Record<LatencyName, number>> = {},
  others: Partial<Slo> = {},
): Slo {
  const limits = Object.entries(maxLatencyMs) as [LatencyName, number][];
  return { maxLatencyMs: new Map(limits), maxErrorShare: null, minServedShare: null, ...others };
}

/** The message and the hint of the coded error that a function throws. */
export function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    const { message, hint } = error as BenchError;
    return hint === undefined ? message : `${message} | ${hint}`;
  }
  throw new Error('nothing was thrown');
}
