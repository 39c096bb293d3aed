import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText } from '../../src/economics/files/csv-text.ts';
import { FOCUS_COLUMNS, FOCUS_CUSTOM_COLUMNS } from '../../src/economics/focus/columns.ts';
import { type FocusCharge, focusCsv, focusRows } from '../../src/economics/focus/focus-rows.ts';
import { monthPeriod } from '../../src/economics/focus/period.ts';
import { between, exact, unknown } from '../../src/economics/quantity.ts';
import { tokens, usd, usdPerMtok } from '../../src/economics/units.ts';

/**
 * FOCUS 1.2 as its column pages state it (CC BY 4.0, FinOps Open Cost and Usage Specification): what must hold of a
 * row whose ChargeCategory is Usage and whose ChargeClass is null.
 */
const NOT_NULL = [
  'BilledCost BillingAccountId BillingAccountType BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory',
  'ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit ContractedCost ContractedUnitPrice EffectiveCost',
  'InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingCurrency PricingCurrencyEffectiveCost',
  'PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName ServiceSubcategory SkuId',
  'SkuPriceId ChargeFrequency',
]
  .join(' ')
  .split(' ');
/** The first must be null where the second is. */
const NULL_WITH: readonly [string, string][] = [
  ['CapacityReservationStatus', 'CapacityReservationId'],
  ['CommitmentDiscountCategory', 'CommitmentDiscountId'],
  ['CommitmentDiscountName', 'CommitmentDiscountId'],
  ['CommitmentDiscountQuantity', 'CommitmentDiscountId'],
  ['CommitmentDiscountStatus', 'CommitmentDiscountId'],
  ['CommitmentDiscountType', 'CommitmentDiscountId'],
  ['CommitmentDiscountUnit', 'CommitmentDiscountQuantity'],
  ['ConsumedUnit', 'ConsumedQuantity'],
  ['PricingUnit', 'PricingQuantity'],
  ['RegionName', 'RegionId'],
  ['ResourceName', 'ResourceId'],
  ['ResourceType', 'ResourceId'],
  ['SkuMeter', 'SkuId'],
  ['SkuPriceDetails', 'SkuPriceId'],
  ['SubAccountName', 'SubAccountId'],
  ['SubAccountType', 'SubAccountId'],
];
const NUMBERS = FOCUS_COLUMNS.filter((name) => /(Cost|UnitPrice|Quantity)$/.test(name));
const TIMES = FOCUS_COLUMNS.filter((name) => /Period(Start|End)$/.test(name));
const ALLOWED: Record<string, readonly string[]> = {
  ChargeCategory: ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'],
  ChargeFrequency: ['One-Time', 'Recurring', 'Usage-Based'],
  PricingCategory: ['Standard', 'Dynamic', 'Committed', 'Other'],
  CapacityReservationStatus: ['Used', 'Unused'],
  ServiceCategory: ['AI and Machine Learning'],
  ServiceSubcategory: ['Generative AI'],
};

/** What is wrong with a row of a CSV by those rules; empty: nothing. */
function violations(row: Record<string, string>): string[] {
  const isNull = (name: string) => row[name] === '';
  const wrong = [
    ...NOT_NULL.filter(isNull).map((name) => `${name} is null`),
    ...NULL_WITH.filter(([name, other]) => isNull(other) && !isNull(name)).map(([n]) => `${n} set`),
    ...NUMBERS.filter(
      (name) => !isNull(name) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(row[name] ?? ''),
    ),
    ...TIMES.filter((name) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(row[name] ?? '')),
    ...Object.keys(ALLOWED).filter(
      (name) => !isNull(name) && !ALLOWED[name]?.includes(row[name] ?? ''),
    ),
  ];
  if (!isNull('CapacityReservationId') && isNull('CapacityReservationStatus')) {
    wrong.push('CapacityReservationStatus is null');
  }
  const number = (name: string) => Number(row[name]);
  for (const kind of ['List', 'Contracted']) {
    const product = number(`${kind}UnitPrice`) * number('PricingQuantity');
    if (Math.abs(product - number(`${kind}Cost`)) > 1e-9 * Math.abs(product)) wrong.push(kind);
  }
  for (const json of ['Tags', 'SkuPriceDetails']) {
    if (!isNull(json) && typeof JSON.parse(row[json] ?? '') !== 'object') wrong.push(json);
  }
  return wrong;
}

const period = monthPeriod('2026-11');
const used: FocusCharge = {
  period,
  billingPeriod: period,
  description: 'Qwen on one H100, serving',
  meter: 'GPU Hours',
  quantity: 292,
  usd: between(usd(832.2), usd(800), usd(1022)),
  sku: 'H100',
  replica: { id: 'deployment-1', name: 'Qwen' },
  reservation: { id: 'deployment-1', status: 'Used' },
  region: null,
  tags: { team: 'search', feature: 'answers' },
  inputTokens: tokens(1.5e9),
  outputTokens: tokens(3e8),
  outputPrice: { view: 'split', usdPerMtok: exact(usdPerMtok(0.99)) },
  utilization: exact(0.4),
  runId: '3f2a',
};
const idle: FocusCharge = {
  ...used,
  description: 'Qwen on one H100, waiting',
  quantity: 438,
  usd: exact(usd(1248.3)),
  reservation: { id: 'deployment-1', status: 'Unused' },
  inputTokens: null,
  outputTokens: null,
  outputPrice: null,
};
const answers: FocusCharge = {
  ...used,
  meter: 'Output Tokens',
  quantity: 3e8,
  sku: 'qwen',
  reservation: null,
  region: 'eu-north1',
};

const rowsOf = (text: string) =>
  parse(text, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[];

describe('FOCUS rows', () => {
  it('have the 57 columns of the specification in its order, ours behind them', () => {
    expect(FOCUS_COLUMNS).toHaveLength(57);
    expect([...FOCUS_COLUMNS]).toEqual([...FOCUS_COLUMNS].sort());
    expect(FOCUS_CUSTOM_COLUMNS.every((name) => name.startsWith('x_'))).toBe(true);
    const [heading] = focusCsv(focusRows([used])).split('\r\n');
    expect(heading).toBe([...FOCUS_COLUMNS, ...FOCUS_CUSTOM_COLUMNS].join(','));
  });

  it('keep the rules of what may be null, of formats and of sums', () => {
    const rows = rowsOf(focusCsv(focusRows([used, idle, answers])));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(violations(row)).toEqual([]);
    // the rules themselves see what is wrong
    expect(violations({ ...(rows[0] ?? {}), BilledCost: '', RegionName: 'x' })).toEqual([
      'BilledCost is null',
      'RegionName set',
    ]);
  });

  it('say which hours of a replica waited, and whose reservation they are', () => {
    const [first, second] = rowsOf(focusCsv(focusRows([used, idle])));
    expect(first).toMatchObject({
      CapacityReservationStatus: 'Used',
      ConsumedQuantity: '292',
      PricingUnit: 'Hours',
      ListUnitPrice: '2.85',
      x_CostLow: '800',
      x_CostHigh: '1022',
      x_OutputTokens: '300000000',
      x_CostView: 'split',
      Tags: '{"team":"search","feature":"answers"}',
    });
    expect(second).toMatchObject({
      CapacityReservationStatus: 'Unused',
      CapacityReservationId: 'deployment-1',
      EffectiveCost: '1248.3',
      x_OutputTokens: '',
      x_CostView: '',
      x_CostLow: '',
    });
  });

  it('price tokens by the million', () => {
    const [row] = rowsOf(focusCsv(focusRows([answers])));
    expect(row).toMatchObject({
      ConsumedQuantity: '300000000',
      ConsumedUnit: 'Tokens',
      PricingQuantity: '300',
      PricingUnit: '1000000 Tokens',
      SkuMeter: 'Output Tokens',
      CapacityReservationId: '',
      RegionId: 'eu-north1',
    });
    expect(Number(row?.ListUnitPrice)).toBeCloseTo(2.774, 10);
  });

  it('are not made for what has no known cost or no amount', () => {
    const noPrice = { ...used, usd: unknown('no price is listed for it') };
    expect(() => focusRows([noPrice])).toThrow(/the cost of "Qwen on one H100, serving".*unknown/);
    expect(() => focusRows([{ ...used, quantity: 0 }])).toThrow(/above 0/);
  });

  it('never hold text that a spreadsheet runs, and read back as what was written', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.constantFrom('=', '+', '-', '@', '\t', '\r', '', 'a', '"', ','), fc.string()),
        ([start, rest]) => {
          const name = `${start}${rest}`;
          const [row] = rowsOf(focusCsv(focusRows([{ ...used, description: name }])));
          const written = row?.ChargeDescription ?? '';
          expect(written).not.toMatch(/^[=+\-@\t\r]/);
          expect([name, `'${name}`]).toContain(written);
        },
      ),
    );
    const [row] = rowsOf(csvText(['a', 'b', 'c'], [{ a: '=1+1', b: -2.5, c: null }]));
    expect(row).toEqual({ a: "'=1+1", b: '-2.5', c: '' });
  });

  it('know months by their first days', () => {
    expect(monthPeriod('2026-12')).toEqual({
      start: '2026-12-01T00:00:00Z',
      end: '2027-01-01T00:00:00Z',
    });
    for (const text of ['2026-13', '2026-1', 'now', '2026-11-01']) {
      expect(() => monthPeriod(text)).toThrow('expected one such as 2026-11');
    }
  });
});
