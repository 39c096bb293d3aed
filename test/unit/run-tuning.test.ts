import { describe, expect, it } from 'vitest';
import type { Operation } from '../../bench/kernels/operation.ts';
import type { DeviceInfo } from '../../src/core/device.ts';
import { BenchError } from '../../src/core/errors.ts';
import { runTuning, type TuningSurroundings } from '../../src/hosts/node/run-tuning.ts';
import type { TuneTaskInput, TuneTaskMessage } from '../../src/hosts/tune-task.ts';
import {
  adapterIdentity,
  TUNED_VERSION,
  type TunedEntry,
  type TunedTable,
} from '../../src/model/decoder/tuned-table.ts';

const device: DeviceInfo = { name: 'Paper 9000', vendor: 'paper', kind: 'gpu', details: {} };
const operations = [1, 2, 4].map(
  (rows): Operation => ({ kind: 'product', format: 'int4', rows, k: 64, n: 64 }),
);
const empty: TunedTable = {
  version: TUNED_VERSION,
  adapter: adapterIdentity(device),
  kernelsSha256: '0'.repeat(64),
  created: new Date(0).toISOString(),
  entries: [],
};
const choice = (wg: number) => ({ kernel: 'matvec', tunables: { wg } }) as const;

function entry(index: number, skipped: TunedEntry['skipped'] = []): TunedEntry {
  const operation = operations[index] as TunedEntry['operation'];
  return { operation, choice: choice(32), ms: 1, defaultMs: 2, tried: 3, candidates: 4, skipped };
}

type Process = (
  input: TuneTaskInput,
  send: (message: TuneTaskMessage) => void,
  signal: AbortSignal,
) => Promise<void>;

/** Processes one after another, and what they were asked and what was saved. */
function processes(...list: Process[]) {
  const inputs: TuneTaskInput[] = [];
  const saved: number[] = [];
  const surroundings: TuningSurroundings = {
    async runProcess(input, send, signal) {
      inputs.push({ ...input, skipped: [...input.skipped] });
      const process = list[inputs.length - 1];
      if (!process) throw new Error('one process too many');
      send({ type: 'start', device, table: empty, found: { origin: 'none', problem: null } });
      await process(input, send, signal);
    },
    async save(table) {
      saved.push(table.entries.length);
      return '/tuned.json';
    },
    now: () => inputs.length * 100,
    silenceMs: 50,
  };
  return { surroundings, inputs, saved };
}

const request = { operations, budgetMs: 10_000, isForced: false, cacheDir: '/none' };
const tuneAll: Process = async ({ from, skipped }, send) => {
  for (let index = from; index < operations.length; index++) {
    send({ type: 'operation', index, budgetMs: 1 });
    const known = index === from ? skipped.map(({ choice, reason }) => ({ choice, reason })) : [];
    send({ type: 'done', index, outcome: { status: 'tuned', entry: entry(index, known) } });
  }
};
const crashIn =
  (at: number, wg: number | null): Process =>
  async ({ from }, send) => {
    for (let index = from; index < at; index++) {
      send({ type: 'done', index, outcome: { status: 'tuned', entry: entry(index) } });
    }
    send({ type: 'operation', index: at, budgetMs: 1 });
    if (wg !== null) send({ type: 'trying', index: at, choice: choice(wg) });
    throw new BenchError('crashed', 'killed by SIGSEGV');
  };

describe('a run of the tuner', () => {
  it('saves after each operation', async () => {
    const { surroundings, saved } = processes(tuneAll);
    const tuning = await runTuning(request, surroundings);
    expect(saved).toEqual([1, 2, 3]);
    expect(tuning.path).toBe('/tuned.json');
    expect(tuning.table.entries).toHaveLength(3);
    expect(tuning.outcomes.map(({ outcome }) => outcome.status)).toEqual([
      'tuned',
      'tuned',
      'tuned',
    ]);
  });

  it('goes on without the candidate that a process ended with', async () => {
    const { surroundings, inputs } = processes(crashIn(1, 64), crashIn(1, 128), tuneAll);
    const tuning = await runTuning(request, surroundings);
    expect(inputs.map(({ from }) => from)).toEqual([0, 1, 1]);
    expect(inputs.map(({ budgetMs }) => budgetMs)).toEqual([10_000, 9_900, 9_800]);
    const skipped = tuning.table.entries[1]?.skipped ?? [];
    expect(skipped.map(({ choice }) => choice.tunables.wg)).toEqual([64, 128]);
    expect(skipped[0]?.reason).toContain('SIGSEGV');
  });

  it('gives up an operation that ends processes by itself, or again with a candidate that was left out', async () => {
    for (const again of [null, 64]) {
      const { surroundings } = processes(crashIn(1, again), crashIn(1, again), tuneAll);
      const list =
        again === null ? processes(crashIn(1, null), tuneAll).surroundings : surroundings;
      const tuning = await runTuning(request, list);
      expect(tuning.outcomes.map(({ outcome }) => outcome.status)).toEqual([
        'tuned',
        'failed',
        'tuned',
      ]);
    }
  });

  it('gives up the last operation and still ends well', async () => {
    const { surroundings } = processes(crashIn(2, null));
    const tuning = await runTuning(request, surroundings);
    expect(tuning.outcomes.at(-1)?.outcome).toMatchObject({ status: 'failed', code: 'crashed' });
    expect(tuning.table.entries).toHaveLength(2);
  });

  it('takes silence for a candidate that hangs', async () => {
    const hang: Process = (_, send, signal) => {
      send({ type: 'trying', index: 0, choice: choice(512) });
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const { surroundings } = processes(hang, tuneAll);
    const tuning = await runTuning(request, surroundings);
    expect(tuning.table.entries[0]?.skipped[0]).toMatchObject({ choice: choice(512) });
    expect(tuning.table.entries[0]?.skipped[0]?.reason).toContain('timeout');
  });

  it('throws what keeps a process from starting', async () => {
    const failing: TuningSurroundings = {
      ...processes().surroundings,
      runProcess: () => Promise.reject(new BenchError('no-adapter', 'none')),
    };
    await expect(runTuning(request, failing)).rejects.toMatchObject({ code: 'no-adapter' });
  });

  it('ends when it is interrupted, with what was tuned until then saved', async () => {
    const controller = new AbortController();
    const interrupted: Process = async (_, send, signal) => {
      send({ type: 'done', index: 0, outcome: { status: 'tuned', entry: entry(0) } });
      controller.abort();
      signal.throwIfAborted();
    };
    const { surroundings, saved } = processes(interrupted);
    const run = runTuning(request, surroundings, () => {}, controller.signal);
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(saved).toEqual([1]);
  });

  it('says so when a table cannot be saved', async () => {
    const full = {
      ...processes(tuneAll).surroundings,
      save: () => Promise.reject(new BenchError('io', 'disk full')),
    };
    await expect(runTuning(request, full)).rejects.toMatchObject({ code: 'io' });
  });
});
