import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { readPlans } from '../../src/economics/business/plans.ts';
import { readCurves } from '../../src/economics/capacity/read-curves.ts';
import { readTraffic } from '../../src/economics/capacity/read-traffic.ts';
import { readCostSeries } from '../../src/economics/drift/cost-series-file.ts';
import { type PriceFormat, readCatalogue } from '../../src/economics/prices/read-catalogue.ts';
import { readBudget } from '../../src/economics/scenario/budget-file.ts';
import { readScenarios } from '../../src/economics/scenario/scenario-file.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { readEngineSteps } from '../../src/economics/tokens/split-steps-file.ts';
import { EXAMPLE_UNIT } from '../../src/report/cost/task-example.ts';

/** Readers of files that people write, each with a file that it takes. */
const READERS: Record<string, { read: (text: string) => unknown; valid: string }> = {
  curves: {
    read: (text) => readCurves(text, 'file'),
    valid:
      'config,offered_rps,achieved_rps,output_tps,ttft_p99_ms,gpus,usd_per_gpu_hour\nA,5,5,1280,80,1,2\nA,20,19,4992,210,1,2\n',
  },
  traffic: {
    read: (text) => readTraffic(text, 'file', 60),
    valid: 'seconds,rps\n60,1\n60,2.5\n',
  },
  requests: {
    read: (text) => readTraffic(text, 'file', 60),
    valid: 'timestamp\n2026-01-01T00:00:00Z\n2026-01-01T00:05:00Z\n',
  },
  steps: {
    read: (text) => readEngineSteps(text, 'file'),
    valid: 'step_ms,prefill_tokens,decode_tokens\n5,100,3\n6,3,100\n7,9,9\n',
  },
  budget: {
    read: (text) => readBudget(text, 'file', null),
    valid: 'period,line,budget_usd,actual_usd,budget_units\n2026-01,a,1,2,3\n2026-02,a,1,,3\n',
  },
  drift: {
    read: (text) => readCostSeries(text, 'file', null),
    valid:
      'date,usd_per_hour,tokens_per_second,tokens_per_second_cv\n2026-01-01,2,2000,0.01\n2026-02-01,2,2010,0.01\n',
  },
  scenarios: {
    read: (text) => readScenarios(text, 'file'),
    valid:
      'spend: 1000/year\nover: 3 years\nscenarios:\n  - { name: a, priceDecline: 10x/year, demandGrowth: +300%/year }\n',
  },
  plans: {
    read: (text) => readPlans(text, 'file'),
    valid: 'plans:\n  free: { usd_per_month: 0 }\n  pro: { usd_per_month: 29 }\n',
  },
  unit: { read: (text) => readUnitFile(text, 'file'), valid: EXAMPLE_UNIT },
  prices: {
    read: (text) => catalogue(text, 'book'),
    valid:
      'gpus:\n  - { gpu: H100, provider: acme, kind: rented, usdPerGpuHour: 2.10, from: 2026-09-01, source: s }\n' +
      'apis:\n  - { provider: acme, model: m, inputUsdPerMtok: 2, outputUsdPerMtok: 8, from: 2026-09-01, source: s }\n',
  },
  skypilot: {
    read: (text) => catalogue(text, 'skypilot'),
    valid:
      'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region\nx8,H100,8,1,1,20,10,us\n',
  },
  litellm: {
    read: (text) => catalogue(text, 'litellm'),
    valid:
      '{"m": {"mode": "chat", "litellm_provider": "p", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}',
  },
};

function catalogue(text: string, format: PriceFormat) {
  return readCatalogue({ text, file: 'file', format, asOf: '2026-01-01', provider: 'p' });
}

/** Bad files end in coded errors of one line that say which file. */
function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    const { code, message } = error as BenchError;
    expect(code).toBe('usage');
    expect(message).toMatch(/^(two )?.*file/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(message).not.toMatch(/undefined|\[object|[\u0000-\u001f]/);
  }
}

const HOSTILE = [
  ...[
    '',
    '0',
    '-1',
    '-0',
    'NaN',
    '.nan',
    '.inf',
    '1e308',
    '1e-308',
    '1e999',
    '0x10',
    '2..1',
    '1..2',
  ],
  ...[
    '"',
    "'",
    ',',
    ';',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '\u001b[31m',
    '\ufeff',
    '\u202e',
    '💥',
    '=1+1',
  ],
  ...[
    '&a',
    '*a',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '? ',
    '!!js',
    '|',
    '>',
    '#',
    '---\n',
    '...',
    '~',
    'null',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '9'.repeat(400),
    'x'.repeat(3000),
    '2026-02-30',
    'true',
  ],
];

/** A file that is right but for a few places, in which hostile pieces stand. */
function damaged(valid: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(valid.length),
    drop: fc.oneof(fc.constant(0), fc.nat(12)),
    piece: fc.constantFrom(...HOSTILE),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let text = valid;
    for (const { at, drop, piece } of edits)
      text = text.slice(0, at) + piece + text.slice(at + drop);
    return text;
  });
}

describe.each(Object.entries(READERS))('a file of %s', (_, { read, valid }) => {
  it('is read as its example', () => {
    expect(() => read(valid)).not.toThrow();
  });

  it('that is damaged is read or refused in one line that names it', () => {
    fc.assert(
      fc.property(damaged(valid), (text) => attempt(() => read(text))),
      { numRuns: 300 },
    );
  });

  it('may hold anything', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.array(fc.constantFrom(...HOSTILE), { maxLength: 20 }).map((parts) => parts.join('')),
        ),
        (text) => attempt(() => read(text)),
      ),
      { numRuns: 150 },
    );
  });
});
