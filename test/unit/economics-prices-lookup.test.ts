import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { findApiPrice, findGpuOffers } from '../../src/economics/prices/lookup.ts';
import { apiPrice, gpuOffer } from '../support/prices.ts';

const apis = [
  apiPrice({ input: 5 }, { provider: 'openai', model: 'gpt-4o', until: '2024-08-06' }),
  apiPrice({ input: 2.5 }, { provider: 'openai', model: 'gpt-4o', from: '2024-08-06' }),
  apiPrice({ input: 2.5 }, { provider: 'azure', model: 'gpt-4o' }),
  apiPrice({ input: 2.6 }, { provider: 'openrouter', model: 'openai/gpt-4o' }),
  apiPrice({ input: 0.15 }, { provider: 'openai', model: 'gpt-4o-mini', from: '2024-07-18' }),
  apiPrice({ input: 1 }, { provider: 'acme', model: '__proto__' }),
];

function failure(run: () => unknown): { message: string; hint: string | undefined; code: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof BenchError) return error;
  }
  throw new Error('nothing was refused');
}

describe('API prices', () => {
  it.each([
    ['2023-01-01', 5],
    ['2024-08-05', 5],
    ['2024-08-06', 2.5],
    ['2030-01-01', 2.5],
  ])('on %s the price of that day holds', (day, usd) => {
    expect(findApiPrice({ apis }, 'openai/gpt-4o', day).rates.input.value).toBe(usd);
  });

  it('finds a bare model of one provider, and names written otherwise', () => {
    expect(findApiPrice({ apis }, 'gpt-4o-mini', '2025-01-01').model).toBe('gpt-4o-mini');
    expect(findApiPrice({ apis }, 'OpenAI/GPT 4o', '2025-01-01').provider).toBe('openai');
    expect(findApiPrice({ apis }, '__proto__', '2025-01-01').provider).toBe('acme');
  });

  it("takes a provider's own model by another name before a reseller's by exactly this one", () => {
    const sold = [
      apiPrice({ input: 0.255 }, { provider: 'openrouter', model: 'minimax/minimax-m2' }),
      apiPrice({ input: 0.3 }, { provider: 'minimax', model: 'MiniMax-M2' }),
      apiPrice({ input: 4 }, { provider: 'openrouter', model: 'anthropic/claude-sonnet-4' }),
      apiPrice(
        { input: 3 },
        { provider: 'anthropic', model: 'claude-sonnet-4-0', aliases: ['claude-sonnet-4'] },
      ),
    ];
    const of = (name: string) => findApiPrice({ apis: sold }, name, '2025-01-01').rates.input.value;
    expect(of('anthropic/claude-sonnet-4')).toBe(3);
    expect(of('minimax/minimax-m2')).toBe(0.3);
    expect(of('openrouter/minimax/minimax-m2')).toBe(0.255);
  });

  it('asks which provider', () => {
    const { message, hint } = failure(() => findApiPrice({ apis }, 'gpt-4o', '2025-01-01'));
    expect(message).toBe('"gpt-4o" is a model of 2 providers');
    expect(hint).toBe('Name one: openai/gpt-4o, azure/gpt-4o.');
  });

  it('names what is near an unknown model', () => {
    const { code, message, hint } = failure(() =>
      findApiPrice({ apis }, 'openai/gpt-4p', '2025-01-01'),
    );
    expect([code, message]).toEqual(['usage', 'The price book has no API model "openai/gpt-4p"']);
    expect(hint).toContain('openai/gpt-4o');
    expect(failure(() => findApiPrice({ apis }, 'constructor', '2025-01-01')).hint).toContain(
      'mtok prices list',
    );
  });

  it('never prices a day before the first price with a later one', () => {
    const { message, hint } = failure(() => findApiPrice({ apis }, 'gpt-4o-mini', '2024-07-17'));
    expect(message).toContain('on 2024-07-17');
    expect(hint).toBe('It has prices since 2024-07-18.');
  });
});

describe('GPU offers', () => {
  const gpus = [
    gpuOffer(2.95, { provider: 'nebius', region: 'eu-north1' }),
    gpuOffer(1.25, { provider: 'nebius', region: 'eu-north1', kind: 'spot' }),
    gpuOffer(1.3, { provider: 'hyperscaler', kind: 'owned', from: '2026-04-03' }),
    gpuOffer(1.39, { gpu: 'A100 80GB' }),
  ];
  const day = '2026-05-01';

  it('are cheapest first, in any spelling', () => {
    const found = findGpuOffers({ gpus }, { gpu: 'h100', day });
    expect(found.map(({ usdPerGpuHour }) => usdPerGpuHour.value)).toEqual([1.25, 1.3, 2.95]);
    expect(findGpuOffers({ gpus }, { gpu: 'A100-80GB', day })).toHaveLength(1);
  });

  it('can be narrowed by kind, provider, region and day', () => {
    const kinds = (query: object) =>
      findGpuOffers({ gpus }, { gpu: 'H100', day, ...query }).map(({ kind }) => kind);
    expect(kinds({ kind: 'rented' })).toEqual(['rented']);
    expect(kinds({ provider: 'nebius' })).toEqual(['spot', 'rented']);
    expect(kinds({ region: 'eu-north1' })).toEqual(['spot', 'rented']);
    expect(kinds({ day: '2026-04-02' })).toEqual(['spot', 'rented']);
  });

  it('say what there is where nothing fits', () => {
    expect(failure(() => findGpuOffers({ gpus }, { gpu: 'H10', day })).hint).toBe('It has H100.');
    const { message, hint } = failure(() =>
      findGpuOffers({ gpus }, { gpu: 'H100', kind: 'owned', provider: 'nebius', day }),
    );
    expect(message).toBe('The price book has no offer of "H100" ("owned", "nebius") on 2026-05-01');
    expect(hint).toContain('H100 spot at nebius (eu-north1) undated');
  });
});
