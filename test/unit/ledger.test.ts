import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BufferKind } from '../../src/gpu/device.ts';
import { Ledger } from '../../src/gpu/ledger.ts';

describe('Ledger', () => {
  it('keeps the peak of the total apart from the peaks of its kinds', () => {
    const ledger = new Ledger();
    ledger.add('weights', 100);
    ledger.add('staging', 50);
    ledger.remove('staging', 50);
    ledger.add('kvCache', 30);
    expect(ledger.snapshot()).toEqual({
      current: { weights: 100, kvCache: 30, activations: 0, staging: 0 },
      peak: { weights: 100, kvCache: 30, activations: 0, staging: 50 },
      currentTotal: 130,
      peakTotal: 150, // not 180: staging was gone before the KV cache came
    });
  });

  it('starts peaks anew from what is live', () => {
    const ledger = new Ledger();
    ledger.add('activations', 80);
    ledger.remove('activations', 60);
    ledger.resetPeak();
    expect(ledger.snapshot()).toMatchObject({ peak: { activations: 20 }, peakTotal: 20 });
  });

  it('refuses to free more than is live', () => {
    const ledger = new Ledger();
    ledger.add('weights', 4);
    expect(() => ledger.remove('kvCache', 4)).toThrow(/4 bytes of kvCache freed, 0 live/);
  });

  it('agrees with a plain recount over any order of changes', () => {
    const kind = fc.constantFrom<BufferKind>('weights', 'kvCache', 'activations', 'staging');
    const change = fc.record({
      kind,
      bytes: fc.integer({ min: 1, max: 1000 }),
      frees: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const ledger = new Ledger();
        const live: { kind: BufferKind; bytes: number }[] = [];
        let peak = 0;
        for (const { kind, bytes, frees } of changes) {
          const freed = frees ? live.pop() : undefined;
          if (freed) ledger.remove(freed.kind, freed.bytes);
          else {
            live.push({ kind, bytes });
            ledger.add(kind, bytes);
          }
          peak = Math.max(
            peak,
            live.reduce((sum, buffer) => sum + buffer.bytes, 0),
          );
        }
        const sum = live.reduce((total, buffer) => total + buffer.bytes, 0);
        expect(ledger.snapshot()).toMatchObject({ currentTotal: sum, peakTotal: peak });
      }),
    );
  });
});
