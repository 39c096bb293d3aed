import type { Rng } from '../core/rng.ts';
import type { Known } from './quantity.ts';

/** 97.5 % of a normal distribution. */
const Z = 1.959963984540054;

/**
 * Draws a figure: from its own draws by place, or else from the two halves of a log-normal (normal where the figure or a
 * bound is not above zero) whose 95 % interval it has.
 */
export function samplerOf(known: Known, rng: Rng): (place: number) => number {
  const { value, low, high, draws } = known;
  if (draws !== undefined && draws.length > 0) {
    return (place) => draws[place % draws.length] ?? value;
  }
  if (low === null || high === null) return () => value;
  if (value > 0 && low > 0) {
    const [below, above] = [Math.log(value / low) / Z, Math.log(high / value) / Z];
    return () => {
      const z = rng.normal();
      return value * Math.exp(z * (z < 0 ? below : above));
    };
  }
  const [below, above] = [(value - low) / Z, (high - value) / Z];
  return () => {
    const z = rng.normal();
    return value + z * (z < 0 ? below : above);
  };
}
