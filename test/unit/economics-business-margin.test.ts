import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupMargin } from '../../src/economics/business/group-margin.ts';
import {
  cloudEfficiencyRate,
  grossMargin,
  rateChange,
  revenueForMargin,
  usageCutForMargin,
} from '../../src/economics/business/margin.ts';
import { readPlans } from '../../src/economics/business/plans.ts';
import { shareIdle } from '../../src/economics/business/share-idle.ts';
import {
  type UsageMarginOptions,
  usageMargins,
} from '../../src/economics/business/usage-margins.ts';
import { bookPrices, flatPrice, namedPrices } from '../../src/economics/business/usage-prices.ts';
import { apiRates } from '../../src/economics/prices/api-rates.ts';
import type { ApiPrice } from '../../src/economics/prices/price-book.ts';
import { exact } from '../../src/economics/quantity.ts';
import { uniform } from '../../src/economics/read-quantity.ts';
import { marginsCsv } from '../../src/report/cost/margin-csv.ts';

const at = (input: number, output: number, cacheRead?: number) =>
  flatPrice(apiRates({ input, output, cacheRead }, 'the test'));

const options: UsageMarginOptions = {
  by: null,
  priceOf: at(3, 15),
  cacheConvention: null,
  day: '2026-11-21',
  plans: null,
  targets: [0.5, 0.6, 0.8],
  most: null,
  idle: null,
  seed: 0,
};

const margins = (text: string, changes: Partial<UsageMarginOptions> = {}) =>
  usageMargins(text, 'usage.csv', { ...options, ...changes });

function group(result: ReturnType<typeof margins>, ...names: string[]): GroupMargin {
  const found = result.groups.find((one) => one.names.join() === names.join());
  if (found === undefined) throw new Error(`no group ${names.join()}`);
  return found;
}

describe('gross margin', () => {
  it('is that of a $29 plan with $44 of usage', () => {
    const money = { revenueUsd: 29, usageUsd: 44, otherUsd: 0 };
    const margin = grossMargin(money);
    expect(margin.grossMarginUsd).toBe(-15);
    expect(100 * margin.grossMarginShare).toBeCloseTo(-51.7241, 4);
    expect(margin.cogsPerRevenue).toBeCloseTo(1.517241, 6);
    const prices = [0.5, 0.6, 0.8].map((target) => revenueForMargin(44, target));
    [88, 110, 220].forEach((price, i) => {
      expect(prices[i]).toBeCloseTo(price, 9);
    });
    expect(100 * usageCutForMargin(money, 0.5)).toBeCloseTo(67.0455, 4);
    expect(100 * usageCutForMargin(money, 0.8)).toBeCloseTo(86.8182, 4);
  });

  it('is -35 % where a dollar of revenue costs $1.35', () => {
    const { grossMarginShare } = grossMargin({ revenueUsd: 1, usageUsd: 1.35, otherUsd: 0 });
    expect(grossMarginShare).toBeCloseTo(-0.35, 12);
  });

  it('has no percentage without revenue', () => {
    const money = { revenueUsd: 0, usageUsd: 5, otherUsd: 0 };
    expect(grossMargin(money)).toMatchObject({ grossMarginUsd: -5, grossMarginShare: Number.NaN });
    expect(usageCutForMargin(money, 0.5)).toBeNaN();
  });

  it('is reached by the price and by the cut that are said to reach it', () => {
    const dollars = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    const target = fc.double({ min: 0, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(dollars, dollars, dollars, target, (revenueUsd, usageUsd, otherUsd, margin) => {
        const money = { revenueUsd, usageUsd, otherUsd };
        const priced = { ...money, revenueUsd: revenueForMargin(usageUsd + otherUsd, margin) };
        expect(grossMargin(priced).grossMarginShare).toBeCloseTo(margin, 9);
        const cut = usageCutForMargin(money, margin);
        const after = grossMargin({ ...money, usageUsd: usageUsd * (1 - cut) }).grossMarginShare;
        if (cut === 0) expect(after).toBeGreaterThanOrEqual(margin - 1e-9);
        else
          expect(Math.abs(after - margin)).toBeLessThan(
            1e-9 * (1 + (usageUsd + otherUsd) / revenueUsd),
          );
      }),
    );
  });

  it('tells points of a Cloud Efficiency Rate from percent', () => {
    expect(cloudEfficiencyRate(100, 35)).toBeCloseTo(0.65, 12);
    const change = rateChange(0.8, 0.65);
    expect(change.points).toBeCloseTo(-0.15, 12);
    expect(change.relative).toBeCloseTo(-0.1875, 12);
    expect(change.costShareFactor).toBeCloseTo(1.75, 12);
  });
});

describe('idle dollars', () => {
  const usage = 'team,usd,revenue_usd\na,3.75,0\nb,1.25,0\n';
  const cogs = (rule: 'weighted' | 'even', text = usage) =>
    Object.fromEntries(
      margins(text, { idle: { usd: 5, rule } }).groups.map(({ names, cogsUsd }) => [
        names[0],
        cogsUsd.value,
      ]),
    );

  it('are put on those who share the machines, by cost or alike, and add up to the bill', () => {
    expect(cogs('weighted')).toEqual({ a: 7.5, b: 2.5 });
    expect(cogs('even')).toEqual({ a: 6.25, b: 3.75 });
    expect(margins(usage, { idle: { usd: 5, rule: 'even' } }).total.cogsUsd.value).toBe(10);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
        (charged) => {
          for (const rule of ['weighted', 'even'] as const) {
            const sum = shareIdle(charged, 100, rule).reduce((total, usd) => total + usd, 0);
            expect(sum).toBeCloseTo(100, 6);
          }
        },
      ),
    );
  });

  it('are refused by cost where a cost is unknown', () => {
    const text = 'team,usd,input_tokens,output_tokens\na,1,0,0\nb,,5,5\n';
    const priceOf = flatPrice(apiRates({ input: 3 }, 'the test'));
    const idle = { usd: 5, rule: 'weighted' as const };
    expect(() => margins(text, { priceOf, idle })).toThrow('that of 1 of 2 groups is unknown');
  });
});

describe('margins of usage', () => {
  it('put losers first and say what would have to change', () => {
    const result = margins('plan,usd,revenue_usd\npro,10,29\nteam,44,29\n');
    expect(result.groups.map(({ names }) => names)).toEqual([['team'], ['pro']]);
    const team = group(result, 'team');
    expect(team.grossMarginUsd).toEqual(exact(-15));
    expect(100 * (team.grossMarginShare.value ?? 0)).toBeCloseTo(-51.7241, 4);
    [88, 110, 220].forEach((price, i) => {
      expect(team.targets[i]?.revenueUsd.value).toBeCloseTo(price, 9);
    });
    expect(100 * (team.targets[0]?.usageCut.value ?? 0)).toBeCloseTo(67.0455, 4);
    expect(result.total.cogsUsd).toEqual(exact(54));
  });

  it('work out as many groups as are asked for, the worst ones, and count the others', () => {
    const text = 'plan,usd,revenue_usd\na,1,5\nb,9,5\nc,6,5\n';
    const { groups, groupCount, total } = margins(text, { most: 2 });
    expect(groups.map(({ names }) => names)).toEqual([['b'], ['c']]);
    expect(groupCount).toBe(3);
    expect(total.grossMarginUsd).toEqual(exact(-1));
  });

  it.each([
    ['all tokens at the output price', 0, 1e10, at(5, 15), 150_000],
    ['3:1 input to output', 7.5e9, 2.5e9, at(5, 15), 75_000],
    ['3:1 at a lower input price', 7.5e9, 2.5e9, at(3, 15), 60_000],
  ])('price 10,000 tokens of a million users a day: %s', (_, input, output, priceOf, usd) => {
    const text = `plan,input_tokens,output_tokens\nfree,${input},${output}\n`;
    expect(margins(text, { priceOf }).total.usageUsd).toEqual(exact(usd));
  });

  const rowArbitrary = fc.record({
    plan: fc.constantFrom('free', 'pro', ''),
    customer: fc.constantFrom('a', 'b', 'c'),
    model: fc.constantFrom('small', 'large'),
    input: fc.integer({ min: 0, max: 1_000_000 }),
    output: fc.integer({ min: 0, max: 1_000_000 }),
    other: fc.integer({ min: 0, max: 500 }),
    revenue: fc.integer({ min: 0, max: 500 }),
  });
  const named = namedPrices(
    new Map([
      ['small', apiRates({ input: 0.15, output: 0.6 }, 'small')],
      ['large', apiRates({ input: 2.5, output: 10 }, 'large')],
    ]),
    at(0, 0),
  );
  const csvOf = (rows: { [column: string]: string | number }[]) =>
    [
      'plan,customer,model,input_tokens,output_tokens,other_usd,revenue_usd',
      ...rows.map((row) => Object.values(row).join()),
    ].join('\n');

  it('reconcile: groups add up to all rows, which cost what a plain sum says, in any order', () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { minLength: 1, maxLength: 40 }), (rows) => {
        const changes = { by: ['plan', 'customer'], priceOf: named };
        const result = margins(csvOf(rows), changes);
        const cogs = rows.reduce((sum, { model, input, output, other }) => {
          const [inputUsd, outputUsd] = model === 'small' ? [0.15, 0.6] : [2.5, 10];
          return sum + (input * inputUsd + output * outputUsd) / 1e6 + other;
        }, 0);
        const sumOf = (figure: (one: GroupMargin) => number | null) =>
          result.groups.reduce((sum, one) => sum + (figure(one) ?? Number.NaN), 0);
        expect(result.total.cogsUsd.value).toBeCloseTo(cogs, 6);
        expect(sumOf(({ cogsUsd }) => cogsUsd.value)).toBeCloseTo(cogs, 6);
        const revenue = rows.reduce((sum, row) => sum + row.revenue, 0);
        expect(sumOf(({ grossMarginUsd }) => grossMarginUsd.value)).toBeCloseTo(revenue - cogs, 6);
        const turned = margins(csvOf([...rows].reverse()), changes);
        expect(turned.groups.map(({ names }) => names)).toEqual(
          result.groups.map(({ names }) => names),
        );
        expect(turned.total.cogsUsd.value).toBeCloseTo(cogs, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('double with the price', () => {
    const text = 'plan,input_tokens,output_tokens\nfree,1000,200\n';
    const once = margins(text, { priceOf: at(3, 15) }).total.usageUsd.value ?? 0;
    expect(margins(text, { priceOf: at(6, 30) }).total.usageUsd.value).toBeCloseTo(2 * once, 12);
  });

  it('give intervals: bounds for one uncertain price, draws for several, none for exact ones', () => {
    const text = 'plan,input_tokens,output_tokens,revenue_usd\npro,2000000,1000000,30\n';
    const one = flatPrice(apiRates({ input: uniform(2, 4, 'i'), output: 10 }, 'test'));
    const { cogsUsd, grossMarginShare } = margins(text, { priceOf: one }).total;
    expect(cogsUsd).toEqual({ value: 16, low: 14, high: 18 });
    expect(grossMarginShare.low).toBeCloseTo(12 / 30, 12);
    expect(grossMarginShare.high).toBeCloseTo(16 / 30, 12);
    const two = flatPrice(
      apiRates({ input: uniform(2, 4, 'i'), output: uniform(8, 12, 'o') }, 'test'),
    );
    // 2·U(2, 4) + U(8, 12): two uniforms of width 4, a triangle on 12 to 20 whose tails are 8·√(0.025/2) long
    const { low, high } = margins(text, { priceOf: two }).total.cogsUsd;
    expect(Math.abs((low ?? 0) - (12 + 8 * Math.sqrt(0.0125)))).toBeLessThan(0.1);
    expect(Math.abs((high ?? 0) - (20 - 8 * Math.sqrt(0.0125)))).toBeLessThan(0.1);
  });

  it('leave unknown what has no price, say what is known of it, and touch no other group', () => {
    const apis: ApiPrice[] = [
      {
        provider: 'openai',
        model: 'gpt-4o',
        rates: apiRates({ input: 2.5, output: 10 }, 'openai/gpt-4o'),
        tiers: [],
        batch: null,
        usdPerRequest: exact(0),
        source: 'test',
        from: null,
        until: null,
        readOn: null,
      },
    ];
    const text = [
      'plan,model,input_tokens,output_tokens,revenue_usd',
      'pro,gpt-4o,1000000,100000,10',
      'pro,gpt-4p,1000000,100000,',
      'pro,gpt-4p,0,0,',
      'free,gpt-4o,1000000,0,',
      'dear,gpt-4p,5,,',
    ].join('\n');
    const result = margins(text, { priceOf: bookPrices({ apis }) });
    const pro = group(result, 'pro');
    expect(pro.cogsUsd).toMatchObject({ value: null, reason: expect.stringContaining('gpt-4o') });
    expect(pro.cogsAtLeastUsd).toBeCloseTo(3.5, 12);
    expect(pro.grossMarginUsd.value).toBeNull();
    expect([...pro.unpriced.values()]).toEqual([1]);
    expect(group(result, 'free').cogsUsd).toEqual(exact(2.5));
    expect([...group(result, 'dear').unpriced.keys()]).toEqual(['rows without output_tokens']);
    expect(result.total.cogsUsd.value).toBeNull();
    expect(result.total.cogsAtLeastUsd).toBeCloseTo(6, 12);
  });

  it('take the price that held on the day of the usage, in the tier of its prompts', () => {
    const price = (from: string | null, until: string | null, input: number): ApiPrice => ({
      provider: 'p',
      model: 'm',
      rates: apiRates({ input, output: 0 }, 'p/m'),
      tiers: [{ aboveInputTokens: 1000, rates: apiRates({ input: 10 * input, output: 0 }, 'p/m') }],
      batch: null,
      usdPerRequest: exact(0),
      source: 'test',
      from,
      until,
      readOn: null,
    });
    const apis = [price(null, '2026-06-01', 4), price('2026-06-01', null, 1)];
    const text = [
      'feature,model,period,input_tokens,output_tokens,requests',
      'before,m,2026-05,1000000,0,1000',
      'after,m,2026-06,1000000,0,1000',
      'long,m,2026-06-15,1000000,0,100',
      'now,p/m,,1000000,0,1000',
    ].join('\n');
    const result = margins(text, { priceOf: bookPrices({ apis }), by: ['feature'] });
    const usd = ['before', 'after', 'long', 'now'].map(
      (name) => group(result, name).usageUsd.value,
    );
    expect(usd).toEqual([4, 1, 10, 1]);
    // A month's tokens are no one prompt, unless even that were a short one.
    const unsaid = [
      'feature,model,period,input_tokens,output_tokens',
      'month,m,2026-06,1000000,0',
      'short,m,2026-06,1000,0',
    ].join('\n');
    const blind = margins(unsaid, { priceOf: bookPrices({ apis }), by: ['feature'] });
    expect(group(blind, 'month').usageUsd).toMatchObject({
      value: null,
      reason: expect.stringContaining('m is dearer for long prompts, and no requests are given'),
    });
    expect(group(blind, 'short').usageUsd.value).toBeCloseTo(0.001, 12);
  });

  it.each([
    ['inclusive', 600 * 3 + 400 * 0.3],
    ['exclusive', 1000 * 3 + 400 * 0.3],
  ] as const)('bill cache tokens that input tokens count as %s', (cacheConvention, microUsd) => {
    const text = 'plan,input_tokens,cached_input_tokens,output_tokens\npro,1000,400,0\n';
    const { usageUsd } = margins(text, { cacheConvention, priceOf: at(3, 15, 0.3) }).total;
    expect(usageUsd.value).toBeCloseTo(microUsd / 1e6, 15);
    const noCachePrice = margins(text, { cacheConvention, priceOf: at(3, 15) }).total;
    expect(noCachePrice.usageUsd.value).toBeNull();
  });

  it('without revenue know costs and no margin', () => {
    const { total } = margins('plan,usd\npro,5\n');
    expect(total.cogsUsd).toEqual(exact(5));
    expect(total.revenueUsd.value).toBeNull();
    expect(total.grossMarginShare.value).toBeNull();
    const free = margins('plan,usd,revenue_usd\nfree,5,0\n').total;
    expect(free.grossMarginUsd).toEqual(exact(-5));
    expect(free.grossMarginShare).toMatchObject({ value: null, reason: 'there is no revenue' });
  });

  it('read a hundred thousand rows, a row at a time', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `c${i % 1000},${i % 7},1`);
    const { groups, total } = margins(`customer,input_tokens,output_tokens\n${rows.join('\n')}\n`);
    expect(groups).toHaveLength(1000);
    const input = rows.reduce((sum, _, i) => sum + (i % 7), 0);
    expect(total.usageUsd.value).toBeCloseTo((input * 3 + 100_000 * 15) / 1e6, 9);
  });
});

describe('prices of plans', () => {
  const plans = readPlans(
    'plans:\n  pro: { usd_per_month: 29 }\n  free: { usd_per_month: 0 }\n',
    'p',
  );

  it('are paid once for a customer and month', () => {
    const text = [
      'customer,plan,feature,period,usd',
      'a,pro,chat,2026-10,1',
      'a,pro,search,2026-10-15,2',
      'a,pro,chat,2026-11,4',
      'b,free,chat,2026-10,8',
    ].join('\n');
    const byPlan = margins(text, { plans, by: ['plan'] });
    expect(group(byPlan, 'pro').revenueUsd).toEqual(exact(58));
    expect(group(byPlan, 'pro').customerMonths).toBe(2);
    expect(group(byPlan, 'pro').targets[0]?.usdPerCustomerMonth).toEqual(exact(7));
    const byFeature = margins(text, { plans, by: ['feature'] });
    expect(group(byFeature, '').revenueUsd).toEqual(exact(58));
    expect(group(byFeature, 'chat')).toMatchObject({ revenueUsd: exact(0), cogsUsd: exact(13) });
    expect(byFeature.total.grossMarginUsd).toEqual(exact(43));
  });

  it.each([
    ['customer,plan,usd\na,team,1\n', 'usage.csv:2: plan "team" has no price'],
    ['customer,plan,usd\n,pro,1\n', 'usage.csv:2: customer is needed'],
    ['customer,plan,usd,revenue_usd\na,pro,1,5\n', 'usage.csv:2: revenue_usd is given, and so'],
  ])('are refused where they contradict the usage: %j', (text, message) => {
    expect(() => margins(text, { plans })).toThrow(message);
  });

  it.each(['plans: {}', 'plans: { pro: 29 }', 'plans: { pro: { usd_per_month: -1 } }'])(
    'are not %j',
    (text) => {
      expect(() => readPlans(text, 'plans.yaml')).toThrow('plans.yaml');
    },
  );
});

describe('usage that cannot be read', () => {
  it.each([
    ['', 'usage.csv is empty'],
    ['plan,usd\n', 'no rows'],
    ['plan,plan,usd\na,b,1\n', '"plan" is there twice'],
    ['plan,usd\npro\n', 'usage.csv:2: a row of 1 values'],
    ['plan,usd\n\n"a\nb",1\npro,-1\n', 'usage.csv:5: usd must be a number from 0'],
    ['plan,usd\npro,NaN\n', 'usage.csv:2: usd must be'],
    ['plan,usd\npro,1e999\n', 'usage.csv:2: usd must be'],
    ['plan,input_tokens,output_tokens\npro,1,=1+1\n', 'usage.csv:2: output_tokens must be'],
    ['plan,usd,period\npro,1,October\n', 'usage.csv:2: period must be YYYY-MM'],
    ['plan,usd,period\npro,1,2026-13\n', 'usage.csv:2: period must be YYYY-MM'],
    ['plan,model\npro,x\n', 'neither usd nor input_tokens and output_tokens'],
    ['usd\n1\n', 'no column plan, customer'],
    ['plan,input_tokens,output_tokens,cached_input_tokens\npro,9,1,5\n', 'may or may not be part'],
    ['plan,usd\n"pro,1\n', 'not valid CSV'],
  ])('is refused with the line: %j', (text, message) => {
    expect(() => margins(text)).toThrow(message);
  });

  it('is refused where cache tokens are more than the input that should hold them', () => {
    const text = 'plan,input_tokens,output_tokens,cached_input_tokens\npro,9,1,10\n';
    expect(() => margins(text, { cacheConvention: 'inclusive' })).toThrow(
      'usage.csv:2: cached_input_tokens makes 10 cache tokens, more than the 9 input_tokens',
    );
  });

  it('cannot be grouped by amounts or by what is not there', () => {
    const text = 'plan,usd\npro,1\n';
    expect(() => margins(text, { by: ['usd'] })).toThrow('--by "usd" holds amounts');
    expect(() => margins(text, { by: ['pla'] })).toThrow('--by "pla" is no column');
  });
});

it('writes no name that a spreadsheet would run', () => {
  const names = ['=cmd()', '+1', '-2', '@x', 'pro', '"q", r'];
  const rows = names.map((name) => `"${name.replaceAll('"', '""')}",5,1`);
  const csv = marginsCsv(margins(`plan,usd,revenue_usd\n${rows.join('\n')}\n`));
  const [heading = '', ...lines] = csv.trim().split(/\r?\n/);
  expect(heading.split(',').slice(0, 4)).toEqual([
    'plan',
    'rows',
    'customer_months',
    'revenue_usd',
  ]);
  const starts = lines.map((line) => line.slice(0, 3)).sort();
  expect(starts).toEqual(['"""', "'+1", "'-2", "'=c", "'@x", 'pro'].sort());
  expect(lines[0]).toContain(',-4,');
});
