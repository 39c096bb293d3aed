import { describe, expect, it } from 'vitest';
import { apiCallCost } from '../../src/economics/prices/api-call.ts';
import { readLiteLlm } from '../../src/economics/prices/litellm.ts';
import { detectPriceFormat, readCatalogue } from '../../src/economics/prices/read-catalogue.ts';
import { readSkyPilot } from '../../src/economics/prices/skypilot.ts';

const origin = { file: 'vms.csv', asOf: '2026-11-21', provider: 'nebius' };

/** A heading and rows in the form of SkyPilot's catalogues (v8, Nebius and Lambda; figures as listed there). */
const HEADING =
  'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice';

function info(gpu: string, count: number, mebibytes: number, total: number): string {
  return (
    `"{'Gpus': [{'Name': '${gpu}', 'Manufacturer': 'NVIDIA', 'Count': ${count}, ` +
    `'MemoryInfo': {'SizeInMiB': ${mebibytes}}}], 'TotalGpuMemoryInMiB': ${total}}"`
  );
}

const NEBIUS = [
  HEADING,
  `h100_1,H100,1,16,200,2.95,eu-north1,${info('H100', 1, 81920, 81920)},1.25`,
  `h100_8,H100,8,128,1600,23.60,eu-north1,${info('H100', 8, 81920, 655360)},10.00`,
  `b200_8,B200,8,160,1792,44.00,us-central1,${info('B200', 8, 184320, 1474560)},`,
  'cpu_4,,0,4,16,0.0992,eu-north1,,',
].join('\n');

describe('SkyPilot', () => {
  it('prices one GPU, whatever the instance holds', () => {
    const { gpus, skipped } = readSkyPilot(NEBIUS, origin);
    expect(
      gpus.map(({ gpu, kind, instance, region, usdPerGpuHour }) => [
        gpu,
        kind,
        instance,
        region,
        usdPerGpuHour.value,
      ]),
    ).toEqual([
      ['H100', 'rented', 'h100_1', 'eu-north1', 2.95],
      ['H100', 'spot', 'h100_1', 'eu-north1', 1.25],
      ['H100', 'rented', 'h100_8', 'eu-north1', 2.95],
      ['H100', 'spot', 'h100_8', 'eu-north1', 1.25],
      ['B200', 'rented', 'b200_8', 'us-central1', 5.5],
    ]);
    expect([...skipped]).toEqual([['no accelerator', 1]]);
    expect(gpus[0]).toMatchObject({ readOn: '2026-11-21', from: null, provider: 'nebius' });
  });

  it('reads the memory of one GPU, not the total, which clouds count differently', () => {
    const { gpus } = readSkyPilot(NEBIUS, origin);
    expect(new Set(gpus.filter(({ gpu }) => gpu === 'H100').map((one) => one.memoryBytes))).toEqual(
      new Set([81920 * 2 ** 20]),
    );
  });

  it('takes parts of a GPU, and zones for spot prices', () => {
    const text = [
      `${HEADING},AvailabilityZone`,
      'a10_half,A10,0.5,18,220,0.454,eastus,,0.1,eastus-1',
      'a10_half,A10,0.5,18,220,0.454,eastus,,0.2,eastus-2',
    ].join('\n');
    const { gpus } = readSkyPilot(text, origin);
    expect(gpus.map((one) => [one.kind, one.region, one.usdPerGpuHour.value])).toEqual([
      ['rented', 'eastus', 0.908],
      ['spot', 'eastus-1', 0.2],
      ['spot', 'eastus-2', 0.4],
    ]);
  });

  it('has no offer where there is no price, and none for nothing', () => {
    const text = [HEADING, 'a,H100,1,1,1,,eu,,1.5', 'b,H100,1,1,1,0,eu,,'].join('\n');
    const { gpus, skipped } = readSkyPilot(text, origin);
    expect(gpus.map(({ kind }) => kind)).toEqual(['spot']);
    expect([...skipped]).toEqual([['no price', 1]]);
  });

  it.each([
    ['a,H100,1,1,1,-2.95,eu,,', 'vms.csv:2: Price must be a number'],
    ['a,H100,1,1,1,NaN,eu,,', 'vms.csv:2: Price must be a number'],
    ['a,H100,1,1,1,=1+1,eu,,', 'vms.csv:2: Price must be a number'],
    ['a,H100,1,1,1,"2,95",eu,,', 'vms.csv:2: Price must be a number'],
    ['a,H100,-1,1,1,2.95,eu,,', 'vms.csv:2: AcceleratorCount must be a number'],
    ['a,H100,1,1,1,2.95,,,', 'vms.csv:2: Region is needed'],
    ['a,H100,1,1,1,99999,eu,,', 'vms.csv:2: Price is above 10000 USD per GPU-hour'],
    ['a,"H1\u001b[31m00",1,1,1,2.95,eu,,', 'vms.csv:2: AcceleratorName has control characters'],
    ['a,H100,1,1', 'vms.csv:2: a row of 4 values, the heading has 9'],
    [
      'a,H100,1,1,1,2.95,eu,,\na,H100,1,1,1,3.50,eu,,',
      'vms.csv has two prices of H100 rented at nebius (eu, a) on one day: 2.95',
    ],
  ])('refuses %j', (rows, message) => {
    expect(() => readSkyPilot(`${HEADING}\n${rows}\n`, origin)).toThrow(message);
  });

  it('refuses a file without its columns', () => {
    const text = NEBIUS.replace('Price,Region', 'Cost,Region');
    expect(() => readSkyPilot(text, origin)).toThrow('vms.csv:1: no column Price');
  });

  it('takes rows that say the same twice once', () => {
    const row = 'a,H100,1,1,1,2.95,eu,,';
    expect(readSkyPilot([HEADING, row, row].join('\n'), origin).gpus).toHaveLength(1);
  });
});

const litellm = { file: 'map.json', asOf: '2026-11-21' };
const read = (map: unknown) => readLiteLlm(JSON.stringify(map), litellm);

/** Entries as LiteLLM's map has them: USD per token, fields of all kinds. */
const MAP = {
  sample_spec: { mode: 'one of: chat, …', input_cost_per_token: 0, litellm_provider: 'any' },
  'gpt-4o': {
    litellm_provider: 'openai',
    mode: 'chat',
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-6,
    input_cost_per_token_batches: 1.25e-6,
    output_cost_per_token_batches: 5e-6,
    input_cost_per_token_priority: 4.25e-6,
    supports_vision: true,
  },
  'gemini/gemini-2.5-pro': {
    litellm_provider: 'gemini',
    mode: 'chat',
    input_cost_per_token: 1.25e-6,
    output_cost_per_token: 1e-5,
    input_cost_per_token_above_200k_tokens: 2.5e-6,
    output_cost_per_token_above_200k_tokens: 1.5e-5,
  },
  'text-embedding-3-small': {
    litellm_provider: 'openai',
    mode: 'embedding',
    input_cost_per_token: 2e-8,
  },
  'github_copilot/gpt-4o': {
    litellm_provider: 'github_copilot',
    mode: 'chat',
    input_cost_per_token: 0,
  },
};

describe('LiteLLM', () => {
  it('makes prices per million of prices per token', () => {
    const { apis, skipped } = read(MAP);
    expect(apis.map(({ provider, model }) => `${provider}/${model}`)).toEqual([
      'openai/gpt-4o',
      'gemini/gemini-2.5-pro',
    ]);
    expect(apis[0]?.rates).toMatchObject({
      input: { value: 2.5 },
      output: { value: 10 },
      cacheRead: { value: 1.25 },
      cacheWrite: { value: null },
    });
    expect(apis[0]?.batch).toMatchObject({ input: { value: 1.25 }, output: { value: 5 } });
    expect(apis[1]?.tiers).toMatchObject([
      { aboveInputTokens: 200_000, rates: { input: { value: 2.5 }, output: { value: 15 } } },
    ]);
    expect(Object.fromEntries(skipped)).toEqual({ 'mode embedding': 1, 'no price per token': 1 });
  });

  it('a cost of calls with its prices: 10000 in and 500 out of gpt-4o are 3 cents', () => {
    const [price] = read(MAP).apis;
    const usage = {
      inputTokens: 10_000,
      outputTokens: 500,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      cacheConvention: 'inclusive' as const,
    };
    expect(price && apiCallCost(price, usage).usd.value).toBeCloseTo(0.03, 12);
    expect(price && apiCallCost(price, { ...usage, isBatch: true }).usd.value).toBeCloseTo(
      0.015,
      12,
    );
  });

  it.each([2.8e-7, 3.75e-6, 1.1e-6, 6e-8, 4.4e-7])('%d a token has no noise', (perToken) => {
    const entry = { litellm_provider: 'a', mode: 'chat', input_cost_per_token: perToken };
    const shifted = Number(
      `${perToken.toString().replace(/e-(\d+)/, (_, e) => `e${6 - Number(e)}`)}`,
    );
    expect(read({ m: entry }).apis[0]?.rates.input.value).toBe(
      perToken.toString().includes('e') ? shifted : Number((perToken * 1e6).toFixed(9)),
    );
  });

  it('keeps the long name where the short one is another model of the provider', () => {
    const entry = (input: number) => ({
      litellm_provider: 'azure',
      mode: 'chat',
      input_cost_per_token: input,
    });
    const { apis } = read({ 'azure/m': entry(1e-6), m: entry(2e-6), 'azure/n': entry(3e-6) });
    expect(apis.map(({ model, rates }) => [model, rates.input.value])).toEqual([
      ['azure/m', 1],
      ['m', 2],
      ['n', 3],
    ]);
  });

  it('takes models of any name', () => {
    const text = `{"__proto__": ${JSON.stringify(MAP['gpt-4o'])}, "constructor": ${JSON.stringify(MAP['gpt-4o'])}}`;
    const { apis } = readLiteLlm(text, litellm);
    expect(apis.map(({ model }) => model)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).mode).toBeUndefined();
  });

  it.each([
    [-1e-6, 'map.json: "m": input_cost_per_token must be a number of 0 or more, got -0.000001'],
    ['=1+1', 'input_cost_per_token must be a number of 0 or more, got "=1+1"'],
    [true, 'must be a number of 0 or more, got true'],
    [2.5, 'is 2500000 USD per million tokens, expected at most 1000000'],
  ])('refuses a price of %j', (price, message) => {
    const entry = { litellm_provider: 'a', mode: 'chat', input_cost_per_token: price };
    expect(() => read({ m: entry })).toThrow(message);
  });

  it('refuses names that could act on a terminal', () => {
    const entry = MAP['gpt-4o'];
    expect(() => read({ 'a\u001b[2J': entry })).toThrow('expected a name of 1 to 200 plain');
  });

  it.each([
    ['[]', 'map.json: expected an object of models, got []'],
    ['{"a": NaN}', 'map.json: not valid JSON'],
    ['{"a": {"input_cost_per_token": 1e999}}', null],
  ])('of %s', (text, message) => {
    if (message === null) expect(readLiteLlm(text, litellm).apis).toEqual([]);
    else expect(() => readLiteLlm(text, litellm)).toThrow(message);
  });
});

describe('formats', () => {
  it.each([
    [NEBIUS, 'skypilot'],
    [JSON.stringify(MAP), 'litellm'],
    ['{"gpus": []}', 'book'],
    ['{\n  "apis": [], "gpus": []}', 'book'],
    ['gpus:\n  - gpu: H100', 'book'],
  ])('are told from the content', (text, format) => {
    expect(detectPriceFormat(text)).toBe(format);
  });

  it('without dates need a day, and SkyPilot a cloud', () => {
    const file = { text: NEBIUS, file: 'vms.csv', format: 'skypilot' as const };
    expect(() => readCatalogue({ ...file, asOf: null, provider: 'nebius' })).toThrow(
      'vms.csv has no dates',
    );
    expect(() => readCatalogue({ ...file, asOf: '2026-11-21', provider: null })).toThrow(
      'does not say which cloud',
    );
  });
});
