import { describe, expect, it } from 'vitest';
import { summarise } from '../../bench/kernels/peer/profile.ts';

/** A profile in which operations run one dispatch of each program, `us` microseconds long each. */
function profile(operations: readonly number[], programs: readonly string[], us: number): string {
  const events = operations.flatMap((operation) =>
    programs.map((program) => ({ name: `op${operation}.0&Operator&${program}`, dur: us })),
  );
  return JSON.stringify([
    { cat: 'Session', name: 'model_loading_array', dur: 9e6, ts: 1 },
    { cat: 'Node', name: 'op0.0_kernel_time', dur: 9e6, ts: 2 },
    { cat: 'Api', name: 'done&Slice&Slice', dur: 9e6, ts: 3 },
    ...events.map((event, i) => ({ cat: 'Api', ts: 4 + i, ...event })),
  ]);
}

describe('a profile of repeated operations', () => {
  it('adds up the dispatches of an operation and leaves the rest out', () => {
    const text = profile([1, 0, 1, 0], ['Split', 'Merge'], 30);
    expect(summarise(text, 2, 2)).toEqual({ gpuMs: 0.06, programs: ['Split', 'Merge'] });
  });

  it('refuses a graph of which an operation did not run', () => {
    expect(() => summarise(profile([0, 2], ['A'], 1), 3, 1)).toThrow('left out operation 1 of 3');
  });

  it('refuses what is no profile', () => {
    expect(() => summarise('[{"cat":', 1, 1)).toThrow(expect.objectContaining({ code: 'engine' }));
    expect(() => summarise('[{"cat":1}]', 1, 1)).toThrow(
      expect.objectContaining({ code: 'engine' }),
    );
  });
});
