import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finishedRecords } from '../../src/cli/bench-resume.ts';
import type { Cell } from '../../src/core/cell.ts';
import { BenchError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { sessionClocks, sessionProblem, withSessionFlags } from '../../src/core/session-flags.ts';
import { type SessionRecord, sessionRecordSchema } from '../../src/core/session-record.ts';
import { canaryCell, wantsCanary } from '../../src/measure/canary-cell.ts';
import type { LaunchJob } from '../../src/measure/launch.ts';
import type { ProgressEvent } from '../../src/measure/progress.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { type RunPlanInput, runPlan } from '../../src/measure/run-plan.ts';
import { verifySession } from '../../src/measure/verify-session.ts';
import { appendSessionRecord, readSessionRecords } from '../../src/store/session-records.ts';
import { scatteredLaunch } from '../support/canary-launches.ts';
import { fakeCell } from '../support/launch-results.ts';

const canary: Cell = {
  ...fakeCell,
  workload: { promptTokens: 64, generatedTokens: 16, depth: 0, batch: 1 },
};
const isCanary = ({ cell }: LaunchJob) => cell.workload.promptTokens === 64;

interface Machine {
  /** Time of everything over what it is on a quiet machine, at a part of the session's ten seconds. */
  slowness?: (share: number) => number;
  /** σ of the logarithm of a launch's time. */
  scatter?: number;
  onCanary?: (nth: number) => void;
  onLaunch?: (nth: number) => void;
  run?: string;
  signal?: AbortSignal;
}

/** Two cells of five launches of a second each, with a canary; launches scatter by 0.2 % unless told. */
async function measure(machine: Machine) {
  const { slowness = () => 1, scatter = 0.002, onCanary, onLaunch, run = 'run', signal } = machine;
  const order: string[] = [];
  const sessions: SessionRecord[] = [];
  const events: ProgressEvent[] = [];
  const rng = new Rng('session', 1);
  let timeMs = 0;
  let ids = 0;
  const counts = { canary: 0, launch: 0 };
  const input: RunPlanInput = {
    cells: (['int4', 'f16'] as const).map((weights, index) => ({
      index,
      cell: { ...fakeCell, variant: { ...fakeCell.variant, weights } },
      key: weights,
      modelSha256: null,
      blocked: null,
    })),
    protocol: { ...DEFAULT_PROTOCOL, launches: 5, launchesMax: 5 },
    seed: 1,
    run,
    provenance: { canary: true },
    charge: () => ({ cost: null, flags: [] }),
    canary,
    async runLaunch(job) {
      const isOfCanary = isCanary(job);
      order.push(isOfCanary ? 'canary' : 'cell');
      if (isOfCanary) onCanary?.(counts.canary++);
      else onLaunch?.(counts.launch++);
      const factor = slowness(timeMs / 10_000) * Math.exp(scatter * rng.normal());
      if (!isOfCanary) timeMs += 1000;
      const launch = scatteredLaunch(rng, { prefill: factor, decode: factor }, 0.005);
      return { ...launch, variant: { ...launch.variant, weights: job.cell.variant.weights } };
    },
    append: async () => {},
    appendSession: async (session) => {
      sessions.push(session);
    },
    onProgress: (event) => events.push(event),
    now: () => timeMs,
    timestamp: () => '2026-01-01T00:00:00.000Z',
    newId: () => `${run}-${ids++}`,
    signal,
  };
  const outcome = await runPlan(input);
  return { ...outcome, order, sessions, events };
}

const codes = (flags: readonly { code: string }[]) => flags.map(({ code }) => code);

describe('a session with a canary', () => {
  test('runs it at the start, in the middle of the time and at the end', async () => {
    const { order, session, events } = await measure({});
    const places = order.flatMap((what, i) => (what === 'canary' ? [i] : []));
    expect(places).toEqual([0, 6, 12]);
    expect(session?.canary?.launches.map(({ moment, atMs }) => [moment, atMs])).toEqual([
      ['start', 0],
      ['middle', 5000],
      ['end', 10_000],
    ]);
    const told = events.filter((event) => event.type === 'canary' && event.isOver);
    expect(told).toHaveLength(3);
  });

  test('is not doubted when nothing changed, and is stored once', async () => {
    const { records, session, sessions } = await measure({});
    expect(session?.flags).toEqual([]);
    expect(sessions).toEqual([session]);
    expect(sessionRecordSchema.parse(session)).toEqual(session);
    expect(session?.canary?.launchLogRatios.decode).toHaveLength(8);
    expect(sessionProblem('run', sessions)).toBeNull();
    expect(withSessionFlags(records, sessions)).toEqual(records);
  });

  test.each([
    ['slower', (share: number) => (share >= 0.7 ? 1.1 : 1), 'slower from start to end', 2],
    ['faster', (share: number) => (share >= 0.45 ? 0.9 : 1), 'faster from start to middle', 4],
    ['slower by and by', (share: number) => 1 + 0.1 * share, 'slower from start to end', 4],
  ])('is invalid when the machine got %s', async (_, slowness, words, changes) => {
    const { records, session, sessions } = await measure({ slowness });
    expect(codes(session?.flags ?? [])).toEqual(['session-invalid']);
    const message = session?.flags[0]?.message ?? '';
    expect(message).toContain(words);
    expect(message.match(/ % (slower|faster) from/g)).toHaveLength(changes);
    expect(sessionProblem('run', sessions)).toBe(message);
    expect(sessionProblem('another run', sessions)).toBeNull();
    for (const { flags } of withSessionFlags(records, sessions)) {
      expect(codes(flags)).toContain('session-invalid');
    }
  });

  test('says so when launches scatter too widely to see anything', async () => {
    const { session } = await measure({ scatter: 0.1 });
    expect(codes(session?.flags ?? [])).toEqual(['canary-blind']);
    expect(session?.flags[0]?.message).toMatch(/below \d\d+ %/);
  });

  test('goes on when the canary fails, and compares what is left', async () => {
    const failing = (moments: number[]) => (nth: number) => {
      if (moments.includes(nth)) throw new BenchError('device-lost', 'The device is gone.');
    };
    const one = await measure({ onCanary: failing([0]), slowness: (share) => 1 + 0.2 * share });
    expect(one.records.map(({ outcome }) => outcome.status)).toEqual(['ok', 'ok']);
    expect(codes(one.session?.flags ?? [])).toEqual(['session-invalid', 'canary-failed']);
    expect(one.session?.canary?.changes.map(({ from, to }) => [from, to])).toEqual([
      ['middle', 'end'],
      ['middle', 'end'],
    ]);
    const all = await measure({ onCanary: failing([0, 1, 2]) });
    expect(codes(all.session?.flags ?? [])).toEqual(['canary-failed']);
    expect(all.session?.flags[0]?.message).toContain('at its start: The device is gone.');
    expect(sessionProblem('run', all.sessions)).toBeNull();
  });

  test('that is interrupted says that its end is not known', async () => {
    const controller = new AbortController();
    const { cancelled, order, sessions, records } = await measure({
      signal: controller.signal,
      onLaunch: (nth) => {
        if (nth === 7) controller.abort();
      },
    });
    expect(cancelled).toBe(true);
    expect(records).toHaveLength(1);
    expect(order.filter((what) => what === 'canary')).toHaveLength(2);
    expect(codes(sessions[0]?.flags ?? [])).toContain('canary-incomplete');
  });

  test('that is interrupted before any record leaves none of its own', async () => {
    const controller = new AbortController();
    const { session, sessions, order } = await measure({
      signal: controller.signal,
      onCanary: () => controller.abort(),
    });
    expect(order).toEqual(['canary']);
    expect([session, ...sessions]).toEqual([null]);
  });

  test('that was killed is told from one that had no canary', async () => {
    const { records } = await measure({});
    expect(withSessionFlags(records, []).map(({ flags }) => codes(flags).at(-1))).toEqual([
      'session-unknown',
      'session-unknown',
    ]);
    const earlier = records.map((record) => ({ ...record, provenance: {} }));
    expect(withSessionFlags(earlier, [])).toEqual(earlier);
  });
});

test('--resume measures cells of an invalid session again, and others not', async () => {
  const bad = await measure({ run: 'bad', slowness: (share) => 1 + 0.2 * share });
  const good = await measure({ run: 'good' });
  const sessions = [...bad.sessions, ...good.sessions];
  expect(finishedRecords(bad.records, sessions).size).toBe(0);
  const both = finishedRecords([...good.records, ...bad.records], sessions);
  expect([...both.values()].map(({ run }) => run)).toEqual(['good', 'good']);
});

test('session records of two runs share a file; what is none is passed over', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'mtok-sessions-')), 'sessions.jsonl');
  expect(await readSessionRecords(path)).toEqual({ records: [], problems: [] });
  const [one, two] = await Promise.all([measure({ run: 'a' }), measure({ run: 'b' })]);
  await Promise.all([...one.sessions, ...two.sessions].map((s) => appendSessionRecord(path, s)));
  const { records, problems } = await readSessionRecords(path);
  expect(problems).toEqual([]);
  expect(records.map(({ run }) => run).sort()).toEqual(['a', 'b']);
  expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
});

test('mtok verify finds a changed sample, limit or verdict', async () => {
  const { records, session } = await measure({ slowness: (share) => 1 + 0.1 * share });
  if (session === null || session.canary === null) throw new Error('no session');
  const stored = JSON.parse(JSON.stringify(session)) as SessionRecord & { canary: object };
  expect(verifySession(stored, records)).toEqual([]);
  expect(verifySession({ ...stored, flags: [] }, records)).not.toEqual([]);
  const changes = session.canary.changes.map((change) => ({ ...change, limit: 0.5 }));
  const wide = { ...session, canary: { ...session.canary, changes } };
  expect(verifySession(wide, records).map(({ field }) => field)).toContain(
    'canary.changes.0.limit',
  );
  expect(verifySession(session, records.slice(1)).map(({ field }) => field)).not.toEqual([]);
});

describe('the cell of the canary', () => {
  const plan = (backends: Cell['backend'][], blocked: BenchError | null = null) =>
    backends.map((backend) => ({ cell: { ...fakeCell, backend }, blocked }));
  const usesAdapter = ({ backend }: Cell) => backend === 'wgsl' || backend === 'ort-webgpu';
  const many = { launchesMax: 6 };

  test('is on the first engine that uses the adapter, else on the first', () => {
    const cell = canaryCell(plan(['ort-cpu', 'ort-webgpu', 'wgsl']), many, usesAdapter, () => 4096);
    expect(cell).toEqual({ ...canary, backend: 'ort-webgpu' });
    expect(canaryCell(plan(['ort-cpu', 'reference']), many, usesAdapter, () => 4096)?.backend).toBe(
      'ort-cpu',
    );
  });

  test.each([4, 16, 64, 70, 80])('fits a context of %d tokens', (context) => {
    const workload = canaryCell(plan(['wgsl']), many, usesAdapter, () => context)?.workload;
    expect(workload?.promptTokens).toBeGreaterThan(0);
    expect(workload?.generatedTokens).toBeGreaterThan(0);
    expect((workload?.promptTokens ?? 0) + (workload?.generatedTokens ?? 0)).toBeLessThanOrEqual(
      context,
    );
  });

  test('is none where nothing can run or one launch is all there is', () => {
    const blocked = new BenchError('no-adapter', 'none');
    expect(canaryCell(plan(['wgsl'], blocked), many, usesAdapter, () => 99)).toBeNull();
    expect(canaryCell(plan(['wgsl']), { launchesMax: 1 }, usesAdapter, () => 99)).toBeNull();
  });

  test('is asked for by presets with which one compares, unless an option says otherwise', () => {
    expect(wantsCanary(null, { preset: 'quick' })).toBe(false);
    expect(wantsCanary(true, { preset: 'quick' })).toBe(true);
    expect(wantsCanary(null, { preset: 'standard' })).toBe(true);
    expect(wantsCanary(false, { preset: 'publish' })).toBe(false);
  });
});

describe('clocks that were held down', () => {
  const base = scatteredLaunch(new Rng('clocks'), { prefill: 1, decode: 1 }, 0).launch;
  const launchAt = (mhz: number, throttleReasons: string[]) => {
    const range = { min: 300, median: mhz, max: mhz };
    const gpu = {
      ...{ name: 'H200', index: 0, gpus: 1, samples: 9, memoryClockMhz: null, powerW: null },
      ...{ temperatureC: null, memoryUsedBytes: null, smClockMhz: range, throttleReasons },
    };
    const environment = {
      ...{ gpu, gpuReason: null, power: null, powerReason: null, cores: 8, loadBefore: null },
      ...{ loadAfter: null, processor: null, processorReason: null },
    };
    return { ...base, environment };
  };
  const hot = launchAt(1400, ['sw-thermal-slowdown']);
  const fast = launchAt(1980, ['sw-power-cap']);

  test('count below 75 % of the highest, and for a reason only', () => {
    const idle = launchAt(600, ['gpu-idle']);
    const nearly = launchAt(1490, ['sw-thermal-slowdown']);
    expect(sessionClocks([hot, fast, idle, nearly, base])).toEqual({ launches: 4, lowered: 1 });
  });

  test.each([
    [1, 4, 0],
    [2, 4, 1],
  ])('%d of them beside %d others: %d verdict', async (slow, others, verdicts) => {
    const launches = [...Array(slow).fill(hot), ...Array(others).fill(fast)];
    const { session } = await clockSession(launches);
    const flags = session?.flags ?? [];
    expect(codes(flags)).toEqual(Array(verdicts).fill('session-invalid'));
    if (verdicts > 0) expect(flags[0]?.message).toContain('2 of the session');
  });

  /** A run without a canary whose launches had these clocks. */
  async function clockSession(launches: (typeof base)[]) {
    let next = 0;
    return runPlan({
      cells: [{ index: 0, cell: fakeCell, key: 'k', modelSha256: null, blocked: null }],
      protocol: {
        ...DEFAULT_PROTOCOL,
        launches: launches.length,
        launchesMax: launches.length,
        cellBudgetMs: 1e9,
      },
      ...{ seed: 1, run: 'run', provenance: {}, signal: undefined },
      charge: () => ({ cost: null, flags: [] }),
      runLaunch: async () => {
        const result = scatteredLaunch(new Rng('one'), { prefill: 1, decode: 1 }, 0);
        return { ...result, launch: launches[next++] ?? base };
      },
      append: async () => {},
      onProgress: () => {},
      now: () => next,
      timestamp: () => '2026-01-01T00:00:00.000Z',
      newId: () => 'id',
    });
  }
});
