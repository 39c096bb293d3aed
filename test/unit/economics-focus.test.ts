import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText } from '../../src/economics/files/csv-text.ts';
import { FOCUS_COLUMNS, FOCUS_CUSTOM_COLUMNS } from '../../src/economics/focus/columns.ts';
import { type FocusCharge, focusCsv, focusRows } from '../../src/economics/focus/focus-rows.ts';
import { monthCharges } from '../../src/economics/focus/month-charges.ts';
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

describe('a month of a deployment', () => {
  const inputs = {
    prefillTps: exact(20_000),
    decodeTps: exact(2000),
    usdPerGpuHour: between(3, 2.85, 3.5),
    gpus: exact(2),
    utilization: exact(0.4),
    cacheHit: exact(0),
    inputTokens: exact(1500),
    outputTokens: exact(300),
    blendInput: exact(1),
    blendOutput: exact(1),
  };
  const month = { inputs, period, name: 'm', id: 'd', gpu: 'H100', runId: null, tags: {} };
  const total = (charges: readonly FocusCharge[], of: (charge: FocusCharge) => number | null) =>
    charges.reduce((sum, charge) => sum + (of(charge) ?? 0), 0);

  it('is whole deployments for 730 hours: those that serve and those that wait', () => {
    // 12 million requests of 0.225 s keep one busy for 750 h, of which 292 h are served a month: three are needed
    const charges = monthCharges({ ...month, requestsPerMonth: exact(12e6) });
    expect(total(charges, ({ quantity }) => quantity)).toBeCloseTo(3 * 2 * 730, 6);
    expect(total(charges, ({ usd: cost }) => cost.value)).toBeCloseTo(3 * 2 * 730 * 3, 6);
    expect(charges[0]?.quantity).toBeCloseTo(1500, 6);
    expect(charges[0]?.usd.low).toBeCloseTo(1500 * 2.85, 6);
    expect(charges[0]?.utilization?.value).toBeCloseTo(750 / 2190, 9);
    expect(charges[0]?.outputTokens).toBe(12e6 * 300);
    const rows = rowsOf(focusCsv(focusRows(charges)));
    for (const row of rows) expect(violations(row)).toEqual([]);
    expect(rows[0]?.ConsumedQuantity).toBe('1500');
  });

  it('prices the tokens of the hours that serve: with the input price they are those dollars', () => {
    const [busy, idle] = monthCharges({ ...month, requestsPerMonth: null });
    const output = busy?.outputPrice?.usdPerMtok.value ?? 0;
    // 3 USD × 2 GPUs at 20,000 tokens/s
    const input = (1e6 * 6) / (3600 * 20_000);
    const bill = ((busy?.inputTokens ?? 0) * input + (busy?.outputTokens ?? 0) * output) / 1e6;
    expect(bill / (busy?.usd.value ?? 0)).toBeCloseTo(1, 9);
    expect((busy?.quantity ?? 0) / ((busy?.quantity ?? 0) + (idle?.quantity ?? 0))).toBeCloseTo(
      0.4,
    );
  });

  it('has no hours that wait where it always serves, and no rows without a price', () => {
    const busy = { ...inputs, utilization: exact(1) };
    expect(monthCharges({ ...month, inputs: busy, requestsPerMonth: null })).toHaveLength(1);
    const noPrice = { ...inputs, usdPerGpuHour: unknown('nobody asked') };
    const charges = monthCharges({ ...month, inputs: noPrice, requestsPerMonth: null });
    expect(() => focusRows(charges)).toThrow('unknown');
  });
});
