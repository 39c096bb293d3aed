/** Estimates how long a run has still to go from the launches that are over. */
export class TimeLeft {
  private readonly launches: number;
  /** Cell → durations of its launches so far, in ms; done cells are taken out. */
  private readonly open: Map<number, number[]>;
  private readonly seenMs: number[] = [];

  constructor(cells: readonly number[], launches: number) {
    this.launches = launches;
    this.open = new Map(cells.map((cell) => [cell, []]));
  }

  launchDone(cell: number, launchMs: number): void {
    this.open.get(cell)?.push(launchMs);
    this.seenMs.push(launchMs);
  }

  cellDone(cell: number): void {
    this.open.delete(cell);
  }

  /**
   * Launches left, each as long as its cell's so far, or as the mean of all; null before the first. How many a cell
   * takes beyond the minimum is not known: one more, as long as it is open.
   */
  estimateMs(): number | null {
    if (this.seenMs.length === 0) return null;
    const typicalMs = mean(this.seenMs);
    let sumMs = 0;
    for (const durations of this.open.values()) {
      const left = Math.max(1, this.launches - durations.length);
      sumMs += left * (durations.length === 0 ? typicalMs : mean(durations));
    }
    return sumMs;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
