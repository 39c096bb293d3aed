import { invariant } from '../core/errors.ts';
import type { BufferKind, LedgerSnapshot } from './device.ts';

type Bytes = Record<BufferKind, number>;

const none = (): Bytes => ({ weights: 0, kvCache: 0, activations: 0, staging: 0 });
const total = (bytes: Bytes): number =>
  bytes.weights + bytes.kvCache + bytes.activations + bytes.staging;

/** Counts the bytes of live buffers by kind. The peak of the total is its own: kinds peak at different times. */
export class Ledger {
  private current = none();
  private peak = none();
  private peakTotal = 0;

  add(kind: BufferKind, bytes: number): void {
    this.current[kind] += bytes;
    this.peak[kind] = Math.max(this.peak[kind], this.current[kind]);
    this.peakTotal = Math.max(this.peakTotal, total(this.current));
  }

  remove(kind: BufferKind, bytes: number): void {
    invariant(
      this.current[kind] >= bytes,
      `${bytes} bytes of ${kind} freed, ${this.current[kind]} live`,
    );
    this.current[kind] -= bytes;
  }

  /** Peaks start anew from what is live now. */
  resetPeak(): void {
    this.peak = { ...this.current };
    this.peakTotal = total(this.current);
  }

  snapshot(): LedgerSnapshot {
    return {
      current: { ...this.current },
      peak: { ...this.peak },
      currentTotal: total(this.current),
      peakTotal: this.peakTotal,
    };
  }
}
