const SAMPLES = 5;
const MAX_READS = 200_000;

/** Smallest step seen of a clock in ms; 0 when it did not move at all. A page's clock may tick every 0.1 ms. */
export function clockQuantumMs(now: () => number): number {
  let smallest = Number.POSITIVE_INFINITY;
  let last = now();
  for (let reads = 0, steps = 0; reads < MAX_READS && steps < SAMPLES; reads++) {
    const time = now();
    if (time <= last) continue;
    smallest = Math.min(smallest, time - last);
    last = time;
    steps += 1;
  }
  return Number.isFinite(smallest) ? smallest : 0;
}
