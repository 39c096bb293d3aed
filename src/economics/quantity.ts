/** A figure with the bounds of its 95 % interval; bounds are null where the inputs have none. */
export interface Known<N extends number = number> {
  readonly value: N;
  readonly low: N | null;
  readonly high: N | null;
  /**
   * What the figure might be as often as it is likely: draw k of one quantity belongs to draw k of every other that
   * was measured with it. Absent from figures that only have bounds.
   */
  readonly draws?: ArrayLike<number>;
}

/** A figure that cannot be had. It is never zero: what is made of it is unknown too. */
export interface Unknown {
  readonly value: null;
  readonly low: null;
  readonly high: null;
  readonly reason: string;
}

export type Quantity<N extends number = number> = Known<N> | Unknown;

/** A figure without an interval. */
export function exact<N extends number>(value: N): Known<N> {
  return { value, low: null, high: null };
}

/** A figure with an interval; `low` ≤ `value` ≤ `high`. */
export function between<N extends number>(value: N, low: N, high: N): Known<N> {
  return { value, low, high };
}

export function unknown(reason: string): Unknown {
  return { value: null, low: null, high: null, reason };
}

export function isKnown<N extends number>(quantity: Quantity<N>): quantity is Known<N> {
  return quantity.value !== null;
}

/** Whether a figure has an interval or draws: nothing can be said of the spread of what is exact. */
export function isUncertain(quantity: Quantity): boolean {
  return isKnown(quantity) && (quantity.draws !== undefined || quantity.low !== null);
}
