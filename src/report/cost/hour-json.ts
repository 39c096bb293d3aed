import type { Inputs } from '../../economics/propagate.ts';
import type { Quantity } from '../../economics/quantity.ts';
import { figureJson, figuresJson } from './figure.ts';

/** Figures by their names, which say their units. */
export type NamedFigures = Readonly<Record<string, Quantity>>;

/** An hour of a GPU, item by item, and what follows from it. */
export interface ShownHour {
  kind: string;
  gpus: number;
  inputs: Inputs<string>;
  /** USD per GPU-hour each; empty where only energy was asked for. */
  items: NamedFigures;
  /** Their sum; null where only energy was asked for. */
  usdPerGpuHour: Quantity | null;
  /** Further results, in groups. */
  sections: Readonly<Record<string, NamedFigures>>;
  notes: readonly string[];
  record: { id: string; name: string; device: string } | null;
  seed: number;
}

export function hourJson(shown: ShownHour) {
  const { kind, gpus, inputs, items, usdPerGpuHour, sections, notes, record, seed } = shown;
  const groups = Object.entries(sections).map(([name, figures]) => [name, figuresJson(figures)]);
  return {
    kind,
    gpus,
    ...(usdPerGpuHour === null
      ? {}
      : { items: figuresJson(items), usdPerGpuHour: figureJson(usdPerGpuHour) }),
    ...Object.fromEntries(groups),
    inputs: figuresJson(inputs),
    ...(record === null ? {} : { record }),
    notes,
    seed,
  };
}
