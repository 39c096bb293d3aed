import { describe, expect, it } from 'vitest';
import { benchOptions } from '../../src/cli/bench-command.ts';
import { protocolOf } from '../../src/cli/bench-protocol.ts';
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts';
import { samplingOf } from '../../src/cli/generate-command.ts';
import { createProgram } from '../../src/cli/main.ts';
import { parseDecimal, parseInteger } from '../../src/cli/numbers.ts';
import { chooseSession, parseTokenIds } from '../../src/cli/session-options.ts';
import { BenchError } from '../../src/core/errors.ts';
import { planCells } from '../../src/core/plan.ts';

describe('bench options', () => {
  it('default to three engines and three formats of the embedded model', () => {
    const cells = planCells(benchOptions({}));
    expect(cells).toHaveLength(9);
    expect(new Set(cells.map(({ backend }) => backend))).toEqual(
      new Set(['wgsl', 'ort-webgpu', 'ort-cpu']),
    );
    expect(new Set(cells.map(({ variant }) => variant.weights))).toEqual(
      new Set(['f16', 'int8', 'int4']),
    );
  });

  it('take a preset and put what was typed in its place', () => {
    const { stop } = benchOptions({ preset: 'standard', halfWidth: '2.5', cellTime: '90' });
    expect(stop).toEqual({
      preset: 'standard',
      overrides: ['--half-width 2.5', '--cell-time 90'],
      launches: 6,
      launchesMax: 12,
      halfWidthTarget: 0.025,
      cellBudgetMs: 90_000,
    });
    expect(benchOptions({ launches: '2' }).stop).toMatchObject({ launches: 2, launchesMax: 2 });
    const counted = protocolOf(benchOptions({ preset: 'publish', repetitions: '7', timeout: '5' }));
    expect(counted.launchTimeoutMs).toBe(5000);
    expect(counted.launch).toMatchObject({
      repetitionsMin: 7,
      repetitionsMax: 7,
      decodeTokens: 0,
      warmupBudgetMs: 20_000,
    });
  });

  it.each([
    [{ launches: '0' }, '--launches'],
    [{ launches: 'three' }, '--launches'],
    [{ launches: '1e3' }, '--launches'],
    [{ preset: 'best' }, '--preset'],
    [{ preset: 'publish', maxLaunches: '9' }, '--max-launches'],
    [{ halfWidth: '0' }, '--half-width'],
    [{ cellTime: '0' }, '--cell-time'],
    [{ repetitions: '0' }, '--repetitions'],
    [{ runAhead: '0' }, '--run-ahead'],
    [{ runAhead: '33' }, '--run-ahead'],
    [{ gpuPrice: '-1' }, '--gpu-price'],
    [{ gpuPrice: '$2' }, '--gpu-price'],
    [{ gpuPrice: 'NaN' }, '--gpu-price'],
    [{ seed: '1.5' }, '--seed'],
    [{ timeout: '0' }, '--timeout'],
    [{ json: '' }, '--json'],
  ])('%j is a usage error that names %s', (argv, option) => {
    expect(() => benchOptions(argv)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(option) }),
    );
  });

  it('take a free GPU as a price of 0', () => {
    expect(benchOptions({ gpuPrice: '0' }).gpuPriceUsdPerHour).toBe(0);
    expect(benchOptions({}).gpuPriceUsdPerHour).toBeNull();
  });
});

describe('sampling options', () => {
  it('leave decoding greedy unless one is given', () => {
    expect(samplingOf({})).toBeUndefined();
    expect(samplingOf({ temperature: '0', topP: '0.5' })).toBeUndefined();
    expect(samplingOf({ temperature: '0.8' })).toMatchObject({
      temperature: 0.8,
      topK: 40,
      topP: 1,
    });
    expect(samplingOf({ topK: '5', seed: '9' })).toMatchObject({
      temperature: 1,
      topK: 5,
      seed: 9,
    });
  });

  it.each([
    [{ temperature: '-1' }, '--temperature'],
    [{ temperature: '0.0001' }, 'temperature'],
    [{ topK: '65' }, '--top-k'],
    [{ topP: '0' }, 'top-p'],
    [{ topP: '1.5' }, '--top-p'],
    [{ topP: '0.5', seed: '4294967296' }, '--seed'],
  ])('%j is a usage error that names %s', (argv, option) => {
    expect(() => samplingOf(argv)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(option) }),
    );
  });
});

describe('numbers', () => {
  const rule = { option: '-x', min: 1, max: 10 };

  it('are whole where they must be', () => {
    expect(parseInteger('10', rule)).toBe(10);
    expect(parseInteger(undefined, rule)).toBeNull();
    for (const text of ['0', '11', '', ' 1', '1.0', '0x1', '1e1', '٣']) {
      expect(() => parseInteger(text, rule)).toThrow(BenchError);
    }
  });

  it('may have decimals', () => {
    expect(parseDecimal('2.5', rule)).toBe(2.5);
    for (const text of ['.5', '5.', '-2', '1,5', 'Infinity']) {
      expect(() => parseDecimal(text, rule)).toThrow(BenchError);
    }
  });
});

describe('sessions', () => {
  it('default to wgsl at f16, the rest chosen by the engine', () => {
    expect(chooseSession({ model: 'm' })).toEqual({
      model: 'm',
      backend: 'wgsl',
      host: 'node',
      adapter: null,
      variant: { weights: 'f16', kv: 'auto', activations: 'auto' },
    });
  });

  it.each([
    [{ model: '' }, '--model'],
    [{ model: 'm', backend: 'tensorrt' }, '--backend'],
    [{ model: 'm', variant: 'int3' }, '--variant'],
    [{ model: 'm', kv: 'int4' }, '--kv'],
    [{ model: 'm', activations: 'bf16' }, '--activations'],
    [{ model: 'm', host: 'deno' }, '--host'],
  ])('%j is a usage error that names %s', (argv, option) => {
    expect(() => chooseSession(argv)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(option) }),
    );
  });

  it('take token ids', () => {
    expect(parseTokenIds('--tokens', '1, 2,3')).toEqual([1, 2, 3]);
    for (const text of ['', '1,,2', '-1', '1.5', 'a', '99999999999']) {
      expect(() => parseTokenIds('--tokens', text)).toThrow(BenchError);
    }
  });
});

describe('the program', () => {
  it('has the commands, each with help that shows an example', () => {
    const { commands } = createProgram();
    expect(commands.map((command) => command.name())).toEqual([
      'bench',
      'generate',
      'logits',
      'accuracy',
      'kernels',
      'tune',
      'models',
      'report',
      'history',
      'verify',
      'schema',
      'compare',
      'cost',
      'prices',
      'noise',
      'import',
      'doctor',
    ]);
    for (const command of commands) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help).toMatch(new RegExp(`Examples:\\n +mtok ${command.name()}`));
    }
  });
});

describe('failures', () => {
  it('are one line that says what, one that says what to try', () => {
    const error = new BenchError('model', 'It is broken', { hint: 'Mend it.' });
    expect(describeFailure(error, false)).toBe('mtok: model: It is broken\nhint: Mend it.\n');
  });

  it('show stacks, causes included, only when asked', () => {
    const error = new BenchError('io', 'Cannot read', { cause: new Error('disk on fire') });
    expect(describeFailure(error, false)).not.toMatch(/at .*\.ts/);
    expect(describeFailure(error, true)).toMatch(/caused by: Error: disk on fire\n +at /);
  });

  it('that are no BenchError are bugs', () => {
    expect(describeFailure(new TypeError('x is undefined'), false)).toMatch(
      /^mtok: internal: x is undefined\nhint: .*--verbose/,
    );
  });

  it('of the command line exit with 2, all others with 1', () => {
    expect(exitCodeOf('usage')).toBe(2);
    expect(exitCodeOf('model')).toBe(1);
    expect(exitCodeOf('internal')).toBe(1);
  });
});
