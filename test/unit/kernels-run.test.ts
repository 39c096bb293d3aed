import { describe, expect, it } from 'vitest';
import type { ModelOperation } from '../../bench/kernels/model-shapes.ts';
import { kernelsOptions } from '../../src/cli/kernels-options.ts';
import { KernelsRun, type KernelsSurroundings } from '../../src/cli/kernels-run.ts';
import { BenchError } from '../../src/core/errors.ts';
import type { KernelRecord } from '../../src/core/kernel-record.ts';
import type { KernelsTaskInput, KernelsTaskMessage } from '../../src/hosts/kernels-task.ts';
import { measurementRecord, samplePeaks } from '../support/kernel-records.ts';

const { device } = measurementRecord();
const subjects: ModelOperation[] = [1, 2, 3].map((n) => ({
  name: `op ${n}`,
  uses: ['some model'],
  operation: { kind: 'product', format: 'int4', rows: 1, k: 32, n },
}));

/** Runs with phases that a test plays; returns what was stored and what each phase was asked for. */
async function run(
  argv: Parameters<typeof kernelsOptions>[0],
  play: (input: KernelsTaskInput, send: (message: KernelsTaskMessage) => void) => void,
) {
  const stored: KernelRecord[] = [];
  const inputs: KernelsTaskInput[] = [];
  const surroundings: KernelsSurroundings = {
    async runPhase(input, send) {
      inputs.push(input);
      play(input, send);
      return { device };
    },
    append: async (record) => void stored.push(record),
    provenance: { command: 'mtok kernels' },
    cacheDir: '/cache',
    onMessage: () => {},
    now: () => 0,
  };
  const runner = new KernelsRun(kernelsOptions(argv), surroundings);
  const failure = await runner.execute().then(
    () => null,
    (error: unknown) => error,
  );
  return { stored, inputs, failure, records: runner.records };
}

/** Times all operations that are not done; dies at those named. */
function timing(dies: readonly string[]) {
  return (input: KernelsTaskInput, send: (message: KernelsTaskMessage) => void) => {
    if (input.phase !== 'time') return;
    send({ type: 'peaks', device, peaks: samplePeaks, isTuned: false, problem: null });
    const order = subjects.map(({ name }) => name);
    send({ type: 'plan', order, operations: 3, skipped: 0, seconds: 1 });
    const remaining = [...subjects].reverse().filter(({ name }) => !input.done.includes(name));
    remaining.forEach((subject, index) => {
      send({ type: 'operation', subject, index, total: remaining.length });
      if (dies.includes(subject.name)) throw new BenchError('crashed', 'was killed by SIGSEGV');
      const { name, uses, operation } = subject;
      const { bytes, flops, outcome, contenders, ratio, peaks } = measurementRecord();
      const measurement = { bytes, flops, outcome, contenders: [...contenders], ratio, peaks };
      send({
        type: 'measured',
        device,
        measurement: { name, uses: [...uses], operation, ...measurement },
      });
    });
  };
}

const outcomes = (records: readonly KernelRecord[]) =>
  records.map((record) =>
    record.kind === 'kernel' ? `${record.name} ${record.outcome.status}` : record.configuration,
  );

describe('a run of mtok kernels', () => {
  it('validates, then times, and stores each record', async () => {
    const { stored, records, inputs, failure } = await run({}, (input, send) => {
      if (input.phase === 'validate') {
        send({ type: 'validated', device, result: { configuration: 'all features', kernels: [] } });
      } else timing([])(input, send);
    });
    expect(failure).toBeNull();
    expect(inputs.map(({ phase }) => phase)).toEqual(['validate', 'time']);
    expect(outcomes(stored)).toEqual(['all features', 'op 3 ok', 'op 2 ok', 'op 1 ok']);
    expect(outcomes(records)).toEqual(['all features', 'op 1 ok', 'op 2 ok', 'op 3 ok']);
    expect(new Set(stored.map(({ run: id }) => id)).size).toBe(1);
  });

  it.each([
    [{ validateOnly: true }, ['validate']],
    [{ validate: false }, ['time']],
  ])('with %j runs %j', async (argv, phases) => {
    const { inputs } = await run(argv, () => {});
    expect(inputs.map(({ phase }) => phase)).toEqual(phases);
  });

  it('goes on behind an operation that took its process down', async () => {
    const { records, inputs, failure } = await run({ validate: false }, timing(['op 2']));
    expect(failure).toBeNull();
    expect(outcomes(records)).toEqual(['op 1 ok', 'op 2 failed', 'op 3 ok']);
    expect(inputs.map((input) => (input.phase === 'time' ? input.done : []))).toEqual([
      [],
      ['op 3', 'op 2'],
    ]);
  });

  it('ends when a process dies outside of any operation, keeping what is known', async () => {
    const { failure, stored } = await run({ validate: false }, (input, send) => {
      timing([])(input, send);
      throw new BenchError('crashed', 'at its end');
    });
    expect(failure).toMatchObject({ code: 'crashed', message: 'at its end' });
    expect(stored).toHaveLength(3);
  });

  it('says after which case the validation died', async () => {
    const { failure } = await run({}, (_, send) => {
      send({ type: 'case', done: 3, total: 9, name: 'matvec: int4 1×2→3' });
      throw new BenchError('crashed', 'was killed by SIGSEGV');
    });
    expect(failure).toMatchObject({
      code: 'crashed',
      message: 'After matvec: int4 1×2→3: was killed by SIGSEGV',
    });
  });
});

describe('options of mtok kernels', () => {
  it('leave what is not said to the adapter', () => {
    const options = kernelsOptions({});
    expect(options.shapes).toEqual({});
    expect(options).toMatchObject({ hasPeer: true, validates: true, times: true, isQuick: false });
  });

  it('take lists and ranges', () => {
    const { shapes } = kernelsOptions({
      modelShapes: 'llama-3.2-1b, qwen2.5-0.5b',
      format: 'int4,f16,int4',
      rows: '1,8-32*2',
      kv: 'int8',
      context: '512',
    });
    expect(shapes).toEqual({
      models: ['llama-3.2-1b', 'qwen2.5-0.5b'],
      formats: ['int4', 'f16'],
      rows: [1, 8, 16, 32],
      kv: ['int8'],
      contexts: [512],
    });
  });

  it.each([
    [{ format: 'int3' }, '--format got "int3"'],
    [{ modelShapes: 'llama-3.1-70b' }, '--model-shapes got "llama-3.1-70b"'],
    [{ rows: '0' }, '--rows 0 is out of bounds'],
    [{ context: 'x' }, '--context got "x"'],
    [{ kv: '' }, '--kv got ""'],
    [{ activations: 'int8' }, '--activations got "int8"'],
    [{ budget: '0.1' }, '--budget got "0.1"'],
    [{ op: 'a,,b' }, '--op got "a,,b"'],
    [{ validateOnly: true, validate: false }, 'leave nothing to do'],
  ])('%j are refused', (argv, message) => {
    expect(() => kernelsOptions(argv)).toThrow(message);
  });
});
