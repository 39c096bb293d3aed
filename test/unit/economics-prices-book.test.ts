import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookFileText, readBookFile } from '../../src/economics/prices/book-file.ts';
import { BUILT_IN_GPU_OFFERS } from '../../src/economics/prices/built-in-gpus.ts';
import { diffPrices } from '../../src/economics/prices/diff-prices.ts';
import { genaiPrices } from '../../src/economics/prices/genai-prices.ts';
import { findApiPrice, findGpuOffers } from '../../src/economics/prices/lookup.ts';
import { makePriceBook } from '../../src/economics/prices/make-book.ts';
import type { ApiPrice } from '../../src/economics/prices/price-book.ts';
import { canonicalText, overlay, type Prices } from '../../src/economics/prices/price-rows.ts';
import { recordDated, recordPrices } from '../../src/economics/prices/record-prices.ts';
import { exact } from '../../src/economics/quantity.ts';
import { sha256Hex } from '../../src/model/sha256.ts';
import { apiPrice, gpuOffer, ratesFrom } from '../support/prices.ts';

const BOOK = `gpus:
  - { gpu: H100, provider: acme, kind: rented, usdPerGpuHour: 2.10, from: 2026-09-01, source: contract 17 }
  - { gpu: H100, provider: acme, kind: owned, usdPerGpuHour: 1.20..1.40, readOn: 2026-09-01, source: sheet }
apis:
  - provider: acme
    model: large
    aliases: [large-2026*]
    inputUsdPerMtok: 2
    outputUsdPerMtok: 8
    cacheReadUsdPerMtok: 0.2
    from: 2026-09-01
    source: https://acme.example/prices
    batch: { inputUsdPerMtok: 1, outputUsdPerMtok: 4 }
    tiers: [{ aboveInputTokens: 200000, inputUsdPerMtok: 4, outputUsdPerMtok: 16 }]
    usdPerRequest: 0.01
`;

describe('book files', () => {
  it('hold GPUs and API models', () => {
    const { gpus, apis } = readBookFile(BOOK, 'book.yaml');
    expect(gpus).toMatchObject([
      { gpu: 'H100', usdPerGpuHour: { value: 2.1 }, from: '2026-09-01', region: null },
      {
        kind: 'owned',
        usdPerGpuHour: { low: 1.2, high: 1.4, draws: expect.anything() },
        readOn: '2026-09-01',
      },
    ]);
    expect(apis).toMatchObject([
      {
        rates: {
          input: { value: 2 },
          cacheWrite: {
            value: null,
            reason: 'https://acme.example/prices (acme/large) lists no cache-write price',
          },
        },
        tiers: [{ aboveInputTokens: 200_000, rates: { output: { value: 16 } } }],
        batch: { input: { value: 1 } },
        usdPerRequest: { value: 0.01 },
      },
    ]);
  });

  it('written and read again are the same', () => {
    const prices = readBookFile(BOOK, 'book.yaml');
    const again = readBookFile(bookFileText(prices), 'book.json');
    expect(canonicalText(again)).toBe(canonicalText(prices));
    expect(bookFileText(again)).toBe(bookFileText(prices));
  });

  it('written from the whole catalogue are the same prices, and read without the slow parser', async () => {
    const steady = (await genaiPrices()).filter(({ rates }) => rates.input.low === null);
    const prices = { gpus: BUILT_IN_GPU_OFFERS, apis: steady };
    const text = bookFileText(prices);
    const padded = `${text.trimEnd().slice(0, -1)}${' '.repeat(5_000_000)}}`;
    expect(canonicalText(readBookFile(padded, 'book.json'))).toBe(canonicalText(prices));
  });

  it('written and then broken by hand are refused with the line', () => {
    const text = bookFileText(readBookFile(BOOK, 'book.yaml'));
    const broken = text.replace('"inputUsdPerMtok":2', '"inputUsdPerMtok":-2');
    expect(() => readBookFile(broken, 'book.json')).toThrow(
      'book.json:7: apis[0].inputUsdPerMtok: expected a figure from 0',
    );
  });

  const row = (fields: string) => `apis:\n  - { provider: a, model: m, source: s, ${fields} }`;
  it.each([
    [
      row('inputUsdPerMtok: -1, from: 2026-01-01'),
      'b.yaml:2: apis[0].inputUsdPerMtok: expected a figure from 0',
    ],
    [row('inputUsdPerMtok: .nan, from: 2026-01-01'), 'b.yaml:2: apis[0].inputUsdPerMtok'],
    [row('inputUsdPerMtok: "=1+1", from: 2026-01-01'), 'b.yaml:2: apis[0].inputUsdPerMtok'],
    [row('inputUsdPerMtok: 1'), 'b.yaml:2: apis[0]: expected a day: from, until or readOn'],
    [row('inputUsdPerMtok: 1, from: 2026-02-30'), 'b.yaml:2: apis[0].from: expected a day'],
    [
      row('inputUsdPerMtok: 1, from: 2026-02-01, until: 2026-01-01'),
      'apis[0].until: expected until after from',
    ],
    [row('from: 2026-01-01'), 'expected inputUsdPerMtok or outputUsdPerMtok'],
    [row('inputUsdPerMtok: 1, from: 2026-01-01, inputUsdPerMtoken: 2'), 'inputUsdPerMtoken'],
    [
      'gpus:\n  - { gpu: H100, provider: a, kind: leased, usdPerGpuHour: 1, source: s, from: 2026-01-01 }',
      'b.yaml:2: gpus[0].kind',
    ],
    [
      'gpus:\n  - { gpu: H100, provider: a, kind: spot, usdPerGpuHour: 1, from: 2026-01-01 }',
      'b.yaml:2: gpus[0].source',
    ],
    [
      row('inputUsdPerMtok: 1, from: 2026-01-01, aliases: ["a\\e[2J"]'),
      'without control characters',
    ],
    ['{}', 'expected a list gpus, a list apis or both'],
    [`{"apis": [], "__proto__": {"gpus": []}}`, '__proto__'],
    ['gpus: &a [*a]', 'refers to a part that it is in'],
    [
      `${row('inputUsdPerMtok: 1, from: 2026-01-01')}\n  - { provider: a, model: m, source: t, inputUsdPerMtok: 2, from: 2026-03-01 }`,
      'b.yaml has two prices of a/m on one day: input 1,',
    ],
  ])('refuse %s', (text, message) => {
    expect(() => readBookFile(text, 'b.yaml')).toThrow(message);
  });

  it('refuse large files that are no JSON', () => {
    expect(() => readBookFile(`gpus: []\n${'#'.repeat(5_000_000)}`, 'b.yaml')).toThrow(
      'b.yaml: not valid JSON',
    );
  });
});

const large = (input: number, others: Partial<ApiPrice> = {}) => apiPrice({ input }, others);
const book = (...apis: ApiPrice[]): Prices => ({ gpus: [], apis });
const usdOn = (prices: Prices, day: string) =>
  findApiPrice(prices, 'acme/large', day).rates.input.value;

describe('several books', () => {
  it('the later one wins on the days for which it has a price', () => {
    const both = overlay(
      book(large(5, { from: '2026-01-01' })),
      book(large(4, { from: '2026-03-01', until: '2026-05-01' })),
    );
    const days = ['2026-02-28', '2026-03-01', '2026-04-30', '2026-05-01'];
    expect(days.map((day) => usdOn(both, day))).toEqual([5, 4, 4, 5]);
  });

  it('a price that does not say since when leaves what was known of the past', () => {
    const dated = book(large(10, { until: '2025-06-10' }), large(2, { from: '2025-06-10' }));
    const both = overlay(dated, book(large(3, { readOn: '2026-11-20' })));
    const days = ['2025-01-01', '2025-06-10', '2026-11-19', '2026-11-20'];
    expect(days.map((day) => usdOn(both, day))).toEqual([10, 2, 2, 3]);
  });

  it('GPUs of other spelling, kinds and places are told apart rightly', () => {
    const older = { gpus: [gpuOffer(1), gpuOffer(2, { kind: 'spot' })], apis: [] };
    const newer = { gpus: [gpuOffer(3, { gpu: 'h100', from: '2026-01-01' })], apis: [] };
    const found = findGpuOffers(overlay(older, newer), { gpu: 'H100', day: '2026-06-01' });
    expect(found.map((one) => [one.kind, one.usdPerGpuHour.value])).toEqual([
      ['spot', 2],
      ['rented', 3],
    ]);
  });
});

describe('the hash', () => {
  const hash = (prices: Prices) => makePriceBook([prices], sha256Hex).then((one) => one.sha256);

  it('is SHA-256 of the canonical text', async () => {
    const prices = readBookFile(BOOK, 'book.yaml');
    const expected = createHash('sha256').update(canonicalText(prices)).digest('hex');
    expect(await hash(prices)).toBe(expected);
  });

  it('depends on prices and days, not on order, source or the day of reading', async () => {
    const [a, b] = [large(1), large(2, { model: 'small' })];
    const first = await hash(book(a, b));
    expect(await hash(book(b, a))).toBe(first);
    expect(await hash(book({ ...a, source: 'elsewhere', readOn: '2026-11-21' }, b))).toBe(first);
    expect(await hash(book({ ...a, from: '2026-01-01' }, b))).not.toBe(first);
    expect(await hash(book({ ...a, usdPerRequest: exact(0.1) }, b))).not.toBe(first);
    expect(await hash(book({ ...a, batch: ratesFrom({ input: 1 }) }, b))).not.toBe(first);
  });
});

describe('reading a catalogue again', () => {
  const read = (input: number, readOn: string) => book(large(input, { readOn }));

  it('closes what held and opens what holds, and prices no day anew', () => {
    const first = recordPrices(book(), read(5, '2026-01-01'), '2026-01-01');
    const second = recordPrices(first.prices, read(4, '2026-03-01'), '2026-03-01');
    const third = recordPrices(second.prices, read(4, '2026-05-01'), '2026-05-01');
    const fourth = recordPrices(third.prices, read(6, '2026-07-01'), '2026-07-01');
    expect([first, second, third, fourth].map(({ counts }) => counts)).toEqual([
      { added: 1, changed: 0, unchanged: 0 },
      { added: 0, changed: 1, unchanged: 0 },
      { added: 0, changed: 0, unchanged: 1 },
      { added: 0, changed: 1, unchanged: 0 },
    ]);
    const days = ['2025-06-01', '2026-02-28', '2026-03-01', '2026-06-30', '2026-07-01'];
    expect(days.map((day) => usdOn(fourth.prices, day))).toEqual([5, 5, 4, 4, 6]);
  });

  it('changes nothing the second time', () => {
    const once = recordPrices(
      book(large(5, { readOn: '2026-01-01' })),
      read(4, '2026-03-01'),
      '2026-03-01',
    );
    const twice = recordPrices(once.prices, read(4, '2026-03-01'), '2026-03-01');
    expect(bookFileText(twice.prices)).toBe(bookFileText(once.prices));
    expect(twice.counts).toEqual({ added: 0, changed: 0, unchanged: 1 });
  });

  it('keeps a later price that the book knows already', () => {
    const known = book(
      large(5, { until: '2026-06-01', readOn: '2026-01-01' }),
      large(7, { from: '2026-06-01', readOn: '2026-06-01' }),
    );
    const { prices } = recordPrices(known, read(4, '2026-03-01'), '2026-03-01');
    expect(['2026-02-01', '2026-04-01', '2026-06-01'].map((day) => usdOn(prices, day))).toEqual([
      5, 4, 7,
    ]);
  });

  it('refuses a catalogue older than what was read, and two prices of one day', () => {
    const known = book(large(5, { readOn: '2026-03-01' }));
    for (const day of ['2026-01-01', '2026-03-01']) {
      expect(() => recordPrices(known, read(4, day), day)).toThrow(
        `was read on 2026-03-01; a catalogue as of ${day} says otherwise`,
      );
    }
  });

  it('leaves what the catalogue does not name', () => {
    const { prices } = recordPrices(book(large(5)), book(large(1, { model: 'new' })), '2026-01-01');
    expect(prices.apis).toHaveLength(2);
  });

  it('adds dated books by their own days', () => {
    const dated = book(large(4, { from: '2026-03-01' }));
    const once = recordDated(book(large(5, { from: '2026-01-01' })), dated);
    expect(once.counts).toEqual({ added: 0, changed: 1, unchanged: 0 });
    expect(['2026-02-28', '2026-03-01'].map((day) => usdOn(once.prices, day))).toEqual([5, 4]);
    const twice = recordDated(once.prices, dated);
    expect(twice.counts).toEqual({ added: 0, changed: 0, unchanged: 1 });
    expect(bookFileText(twice.prices)).toBe(bookFileText(once.prices));
  });

  /** Against the simplest thing that could say what held: the last reading up to a day, the first before all. */
  it('for any readings in order, gives each day the price last read', () => {
    const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 1, max: 30 }), usd: fc.integer({ min: 1, max: 3 }) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: -10, max: 400 }), (readings, asked) => {
        let [at, prices] = [0, book()];
        let expected = readings[0]?.usd;
        for (const { wait, usd } of readings) {
          at += wait;
          prices = recordPrices(prices, read(usd, day(at)), day(at)).prices;
          if (at <= asked) expected = usd;
        }
        expect(usdOn(prices, day(asked))).toBe(expected);
      }),
    );
  });
});

describe('differences', () => {
  it('of two days: which figures changed, and by how much', () => {
    const prices = {
      gpus: [gpuOffer(2)],
      apis: [
        apiPrice({ input: 10, output: 40 }, { until: '2025-06-10' }),
        apiPrice({ input: 2, output: 40, cacheRead: 1 }, { from: '2025-06-10' }),
        large(1, { model: 'new', from: '2025-06-01' }),
      ],
    };
    const diff = diffPrices({ prices, day: '2025-05-01' }, { prices, day: '2025-07-01' });
    expect(diff).toMatchObject({ gone: [], added: ['acme/new'], unchanged: 1 });
    expect(diff.changed).toEqual([
      { name: 'acme/large', figure: 'input', before: exact(10), after: exact(2), change: -0.8 },
      {
        name: 'acme/large',
        figure: 'cached-input',
        before: expect.objectContaining({ value: null }),
        after: exact(1),
        change: null,
      },
    ]);
  });

  it('of a book with itself are none', async () => {
    const side = {
      prices: { gpus: BUILT_IN_GPU_OFFERS, apis: await genaiPrices() },
      day: '2026-11-21',
    };
    expect(diffPrices(side, side)).toMatchObject({ gone: [], added: [], changed: [] });
  });
});

it('the built-in GPUs are dated, sourced, and as their sources say', () => {
  for (const offer of BUILT_IN_GPU_OFFERS) {
    expect(offer.source, offer.gpu).not.toBe('');
    expect(offer.readOn, offer.gpu).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
  const usd = (gpu: string, kind: 'spot' | 'owned') =>
    findGpuOffers({ gpus: BUILT_IN_GPU_OFFERS }, { gpu, kind, day: '2026-11-21' }).map(
      ({ usdPerGpuHour }) => usdPerGpuHour.value,
    );
  expect(usd('H100', 'spot')).toEqual([1.25]);
  expect(usd('H100', 'owned')).toEqual([1.3, 1.69]);
  expect(usd('H200', 'owned')).toEqual([1.41, 1.74]);
});
