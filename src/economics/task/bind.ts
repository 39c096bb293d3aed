import type { Quantity } from '../quantity.ts';

/** The number that a figure of the file stands for in one draw, by its key there; NaN where it is unknown. */
export type Bind = (key: string, figure: Quantity) => number;
