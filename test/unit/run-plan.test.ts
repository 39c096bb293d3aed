import { describe, expect, test } from 'vitest';
import type { BackendName, Cell } from '../../src/core/cell.ts';
import { BenchError } from '../../src/core/errors.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import type { LaunchJob } from '../../src/measure/launch.ts';
import type { ProgressEvent } from '../../src/measure/progress.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { comparableBlocks, type RunPlanInput, runPlan } from '../../src/measure/run-plan.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';

const backends = ['wgsl', 'reference', 'ort-cpu'] as const;
const cellsOf = (weights: ('f16' | 'int4')[], names: readonly BackendName[] = backends): Cell[] =>
  weights.flatMap((format) =>
    names.map((backend) => ({
      ...fakeCell,
      backend,
      variant: { ...fakeCell.variant, weights: format },
    })),
  );

interface Setup {
  cells: Cell[];
  launches?: number;
  onLaunch?: (job: LaunchJob) => void | Promise<void>;
  change?: Partial<RunPlanInput>;
}

function setUp({ cells, launches = 2, onLaunch, change }: Setup) {
  const log: string[] = [];
  const stored: BenchRecord[] = [];
  const events: ProgressEvent[] = [];
  let timeMs = 0;
  let ids = 0;
  const nameOf = ({ backend, variant }: Cell) => `${variant.weights} ${backend}`;
  const input: RunPlanInput = {
    cells: cells.map((cell, index) => ({
      index,
      cell,
      key: nameOf(cell),
      modelSha256: null,
      blocked: null,
    })),
    protocol: { ...DEFAULT_PROTOCOL, launches, launchesMax: launches },
    seed: 1,
    run: 'run',
    provenance: {},
    charge: () => ({ cost: null, flags: [] }),
    async runLaunch(job, { onPhase }) {
      log.push(`run ${nameOf(job.cell)} ${job.launch}`);
      onPhase('measure');
      timeMs += 1000;
      await onLaunch?.(job);
      return fakeLaunch([[10, [1, 1]]], {
        variant: { weights: job.cell.variant.weights, kv: 'f16', activations: 'f32' },
      });
    },
    async append(record) {
      log.push(`store ${record.key}`);
      stored.push(record);
    },
    onProgress: (event) => events.push(event),
    now: () => timeMs,
    timestamp: () => '2026-01-01T00:00:00.000Z',
    newId: () => String(ids++),
    signal: undefined,
    ...change,
  };
  return { input, log, stored, events };
}

describe('runPlan', () => {
  test('comparable cells take turns and are stored right after their last launch', async () => {
    const { input, log, stored } = setUp({ cells: cellsOf(['f16', 'int4']) });
    const { records, cancelled } = await runPlan(input);
    expect(cancelled).toBe(false);
    expect(records).toEqual(stored);
    expect(
      stored.every(({ outcome, launches }) => outcome.status === 'ok' && launches.length === 2),
    ).toBe(true);
    const f16 = log.slice(0, 9);
    expect(f16.every((line) => line.includes('f16'))).toBe(true);
    expect(f16.slice(0, 3).every((line) => line.endsWith(' 0'))).toBe(true);
    for (let i = 3; i < 9; i += 2) {
      const name = /^run (.*) 1$/.exec(f16[i] ?? '')?.[1];
      expect(f16[i + 1]).toBe(`store ${name}`);
    }
  });

  test('the order of turns is drawn from the seed', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const first = setUp({ cells: cellsOf(['f16']), change: { seed } });
      const again = setUp({ cells: cellsOf(['f16']), change: { seed } });
      await runPlan(first.input);
      await runPlan(again.input);
      expect(again.log).toEqual(first.log);
      orders.add(first.log.join());
    }
    expect(orders.size).toBeGreaterThan(5);
  });

  test('a failing cell becomes a record and stops nothing else', async () => {
    const { input, stored, log } = setUp({
      cells: cellsOf(['f16', 'int4']),
      onLaunch: ({ cell }) => {
        if (cell.backend === 'ort-cpu') throw new BenchError('unsupported', 'not here');
        if (cell.backend === 'wgsl' && cell.variant.weights === 'int4') throw new Error('boom');
      },
    });
    await runPlan(input);
    const outcomes = Object.fromEntries(stored.map(({ key, outcome }) => [key, outcome]));
    expect(outcomes).toMatchObject({
      'f16 wgsl': { status: 'ok' },
      'f16 reference': { status: 'ok' },
      'f16 ort-cpu': { status: 'unsupported', message: 'not here' },
      'int4 wgsl': { status: 'failed', code: 'internal', message: 'boom' },
      'int4 reference': { status: 'ok' },
      'int4 ort-cpu': { status: 'unsupported' },
    });
    expect(log.filter((line) => line.startsWith('run f16 ort-cpu'))).toHaveLength(1);
  });

  test('a failure in a later launch withholds the cell', async () => {
    const { input, stored } = setUp({
      cells: cellsOf(['f16'], ['wgsl']),
      launches: 3,
      onLaunch: ({ launch }) => {
        if (launch === 1) throw new BenchError('timeout', 'too slow');
      },
    });
    await runPlan(input);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ outcome: { status: 'timed-out' }, prefill: null });
    expect(stored[0]?.launches).toHaveLength(1);
  });

  test('a blocked cell is recorded without being run', async () => {
    const { input, stored, log } = setUp({ cells: cellsOf(['f16']) });
    const blocked = new BenchError('out-of-memory', 'too large');
    const cells = input.cells.map((cell, i) => (i === 0 ? { ...cell, blocked } : cell));
    await runPlan({ ...input, cells });
    expect(stored[0]).toMatchObject({ key: 'f16 wgsl', outcome: { code: 'out-of-memory' } });
    expect(log.some((line) => line.startsWith('run f16 wgsl'))).toBe(false);
    expect(stored).toHaveLength(3);
  });

  test('an abort ends the running launch and leaves what is stored', async () => {
    const controller = new AbortController();
    const { input, stored, events } = setUp({
      cells: cellsOf(['f16', 'int4'], ['wgsl']),
      launches: 1,
      onLaunch: ({ cell }) => {
        if (cell.variant.weights !== 'int4') return;
        controller.abort();
        throw controller.signal.reason;
      },
      change: { signal: controller.signal },
    });
    const { records, cancelled } = await runPlan(input);
    expect(cancelled).toBe(true);
    expect(records.map(({ key }) => key)).toEqual(['f16 wgsl']);
    expect(stored).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'done', cancelled: true, cellsDone: 1 });
  });

  test('a store that cannot be written ends the run', async () => {
    const { input } = setUp({
      cells: cellsOf(['f16']),
      change: { append: () => Promise.reject(new BenchError('io', 'disk full')) },
    });
    await expect(runPlan(input)).rejects.toMatchObject({ code: 'io' });
  });

  describe('goes on beyond the minimum', () => {
    /** The named engines' launches scatter widely, the others not at all. */
    const noisy = (names: readonly string[]): Partial<RunPlanInput> => ({
      async runLaunch({ cell, launch }) {
        const ms = names.includes(cell.backend) ? 10 + 5 * ((launch * launch) % 7) : 10;
        return fakeLaunch([[ms, [ms, ms]]]);
      },
    });
    const protocol = { ...DEFAULT_PROTOCOL, launches: 3, launchesMax: 5, cellBudgetMs: 1e9 };

    test('until intervals are narrow', async () => {
      const { input, stored } = setUp({
        cells: cellsOf(['f16']),
        change: { ...noisy([]), protocol },
      });
      await runPlan(input);
      for (const { protocol: kept, launches } of stored) {
        expect(launches).toHaveLength(3);
        expect(kept).toMatchObject({
          preset: 'quick',
          launchesMin: 3,
          launchesMax: 5,
          stop: { rule: 'half-width', halfWidth: { prefill: 0, decode: 0 }, targetMet: true },
        });
      }
    });

    test('all cells that are compared together, so that launches stay paired', async () => {
      const { input, stored } = setUp({
        cells: cellsOf(['f16']),
        change: { ...noisy(['wgsl']), protocol },
      });
      await runPlan(input);
      const ends = stored.map(({ cell, launches, protocol: kept }) => [
        cell.backend,
        launches.length,
        kept?.stop.rule,
      ]);
      expect(ends.sort()).toEqual([
        ['ort-cpu', 5, 'half-width'],
        ['reference', 5, 'half-width'],
        ['wgsl', 5, 'launch-cap'],
      ]);
      const flagged = stored.filter(({ flags }) =>
        flags.some(({ code }) => code === 'target-missed'),
      );
      expect(flagged.map(({ cell }) => cell.backend)).toEqual(['wgsl']);
    });

    test('but not beyond its time', async () => {
      const { input, stored } = setUp({
        cells: cellsOf(['f16'], ['wgsl']),
        change: { ...noisy(['wgsl']), protocol: { ...protocol, cellBudgetMs: 1 } },
      });
      let timeMs = 0;
      await runPlan({ ...input, now: () => ++timeMs });
      expect(stored[0]?.launches).toHaveLength(3);
      expect(stored[0]?.protocol?.stop).toMatchObject({ rule: 'time-cap', targetMet: false });
    });

    test('and a signal keeps what has the minimum', async () => {
      const controller = new AbortController();
      const { runLaunch } = noisy(['wgsl']);
      const { input, stored } = setUp({
        cells: cellsOf(['f16'], ['wgsl']),
        change: {
          protocol,
          signal: controller.signal,
          async runLaunch(job, options) {
            if (job.launch === 3) controller.abort();
            if (runLaunch === undefined) throw new Error('no launch');
            return runLaunch(job, options);
          },
        },
      });
      const { cancelled } = await runPlan(input);
      expect(cancelled).toBe(true);
      expect(stored).toHaveLength(1);
      expect(stored[0]?.protocol?.stop.rule).toBe('interrupted');
      expect(stored[0]?.outcome.status).toBe('ok');
    });
  });

  test('estimates the time left from the launches that are over', async () => {
    const { input, events } = setUp({ cells: cellsOf(['f16', 'int4'], ['wgsl']), launches: 3 });
    await runPlan(input);
    const starts = events.filter((event) => event.type === 'phase' && event.phase === 'start');
    const left = starts.map((event) => (event.type === 'phase' ? event.remainingMs : undefined));
    expect(left).toEqual([null, 5000, 4000, 3000, 2000, 1000]);
    expect(events.at(-1)).toMatchObject({ type: 'done', cellsDone: 2, cellsTotal: 2 });
  });
});

test('comparableBlocks keeps apart what one would not compare', () => {
  const cells = [
    ...cellsOf(['f16', 'int4']),
    { ...fakeCell, workload: { ...fakeCell.workload, batch: 9 } },
    { ...fakeCell, model: 'other' },
  ];
  const planned = setUp({ cells }).input.cells;
  expect(comparableBlocks(planned).map((block) => block.length)).toEqual([3, 3, 1, 1]);
});
