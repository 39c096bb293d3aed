import type { Prices } from './price-rows.ts';

/** What a catalogue of others gave: prices without dates of their own, and what was passed over. */
export interface Catalogue extends Prices {
  /** Rows by the reason for which they were left out. */
  skipped: ReadonlyMap<string, number>;
}

/** How a catalogue file is called in the rows made from it. */
export interface CatalogueOrigin {
  /** Name of the file, for messages. */
  file: string;
  /** Day on which its prices held: these files do not say. */
  asOf: string;
}

export class SkippedRows {
  readonly counts = new Map<string, number>();

  add(reason: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }
}
