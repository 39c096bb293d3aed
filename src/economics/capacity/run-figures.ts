import { studentT975 } from '../../core/student-t.ts';
import { between, exact, type Known } from '../quantity.ts';

/**
 * One figure of several runs at the same load: their geometric mean with the 95 % interval that Student's t gives
 * their logarithms, so that a rate and its inverse, a cost, tell the same. A single run has no interval; nor have
 * figures that are zero in some run, whose plain mean is taken. At least one value, none negative.
 */
export function figureOfRuns(values: readonly number[]): Known {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  if (length === 1 || values.some((value) => value === 0)) return exact(mean);
  const logs = values.map(Math.log);
  const centre = logs.reduce((sum, log) => sum + log, 0) / length;
  const variance = logs.reduce((sum, log) => sum + (log - centre) ** 2, 0) / (length - 1);
  const half = studentT975(length - 1) * Math.sqrt(variance / length);
  const value = Math.exp(centre);
  return half === 0 ? exact(mean) : between(value, value * Math.exp(-half), value * Math.exp(half));
}
