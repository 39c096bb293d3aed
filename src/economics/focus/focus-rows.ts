import { BenchError } from '../../core/errors.ts';
import type { CostView } from '../cost-views.ts';
import { csvText } from '../files/csv-text.ts';
import { isKnown, type Quantity } from '../quantity.ts';
import { TOKENS_PER_MTOK, type Tokens, type Usd, type UsdPerMtok } from '../units.ts';
import { FOCUS_COLUMNS, FOCUS_CUSTOM_COLUMNS, type FocusRow } from './columns.ts';
import type { ChargePeriod } from './period.ts';

/** Who bills and who is billed. */
export interface FocusAccount {
  billingAccountId: string;
  billingAccountName: string;
  /** As the provider calls such an account: `Subscription`. */
  billingAccountType: string;
  provider: string;
  serviceName: string;
}

/** Somebody who runs models on GPUs of their own or rented ones and charges for it inside. */
export const SELF_HOSTED: FocusAccount = {
  billingAccountId: 'self-hosted',
  billingAccountName: 'Self-hosted inference',
  billingAccountType: 'Internal',
  provider: 'Self-hosted',
  serviceName: 'LLM inference',
};

/** What is counted: hours of one GPU, or tokens of one direction. */
export type FocusMeter = 'GPU Hours' | 'Input Tokens' | 'Output Tokens';

/** Something used for a while at a price. */
export interface FocusCharge {
  period: ChargePeriod;
  billingPeriod: ChargePeriod;
  description: string;
  meter: FocusMeter;
  /** GPU-hours or tokens. */
  quantity: number;
  /** For all of it. Unknown: there is no row without a cost, so it is refused. */
  usd: Quantity<Usd>;
  /** GPU or model: what has the price. */
  sku: string;
  /** What served: its id in the provider's terms, and its name. */
  replica: { id: string; name: string };
  /** Paid hours that served (`Used`) or waited (`Unused`); null where capacity is not held, as with an API. */
  reservation: { id: string; status: 'Used' | 'Unused' } | null;
  region: string | null;
  /** Feature, team, customer, model …: who or what the charge is for. */
  tags: Readonly<Record<string, string>>;
  /** Served for these dollars; null where the row does not say. */
  inputTokens: Tokens | null;
  outputTokens: Tokens | null;
  /** A price per million output tokens and the view it is of, which it means nothing without. */
  outputPrice: { view: CostView; usdPerMtok: Quantity<UsdPerMtok> } | null;
  /** Share of the paid time that served. */
  utilization: Quantity | null;
  /** Id of the record or run that the figures come from. */
  runId: string | null;
}

/**
 * Charges as rows of FOCUS 1.2, in USD. List, contracted, effective and billed cost are one and the same: no discounts
 * are known here. Throws `usage` for a charge that has no known cost or no amount: a row must have both.
 */
export function focusRows(
  charges: readonly FocusCharge[],
  account: FocusAccount = SELF_HOSTED,
): FocusRow[] {
  return charges.map((charge) => focusRow(charge, account));
}

/** Rows as CSV: the specification's columns in its order, ours behind them. */
export function focusCsv(rows: readonly FocusRow[]): string {
  return csvText([...FOCUS_COLUMNS, ...FOCUS_CUSTOM_COLUMNS], rows);
}

const CURRENCY = 'USD';

function focusRow(charge: FocusCharge, account: FocusAccount): FocusRow {
  const { usd, quantity, meter, sku, reservation, region, replica, tags, outputPrice } = charge;
  const name = JSON.stringify(charge.description.slice(0, 80));
  if (!isKnown(usd)) {
    throw new BenchError('usage', `FOCUS needs the cost of ${name}, which is unknown`, {
      hint: usd.reason,
    });
  }
  if (!(quantity > 0)) {
    throw new BenchError('usage', `FOCUS needs an amount above 0 of ${name}, got ${quantity}`);
  }
  const { pricingQuantity, pricingUnit, consumedUnit } = measured(meter, quantity);
  const cost = withoutNoise(usd.value);
  const unitPrice = withoutNoise(usd.value / pricingQuantity);
  const skuId = `${meter}: ${sku}`;
  return {
    AvailabilityZone: null,
    BilledCost: cost,
    BillingAccountId: account.billingAccountId,
    BillingAccountName: account.billingAccountName,
    BillingAccountType: account.billingAccountType,
    BillingCurrency: CURRENCY,
    BillingPeriodEnd: charge.billingPeriod.end,
    BillingPeriodStart: charge.billingPeriod.start,
    CapacityReservationId: reservation?.id ?? null,
    CapacityReservationStatus: reservation?.status ?? null,
    ChargeCategory: 'Usage',
    ChargeClass: null,
    ChargeDescription: charge.description,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodEnd: charge.period.end,
    ChargePeriodStart: charge.period.start,
    CommitmentDiscountCategory: null,
    CommitmentDiscountId: null,
    CommitmentDiscountName: null,
    CommitmentDiscountQuantity: null,
    CommitmentDiscountStatus: null,
    CommitmentDiscountType: null,
    CommitmentDiscountUnit: null,
    ConsumedQuantity: withoutNoise(quantity),
    ConsumedUnit: consumedUnit,
    ContractedCost: cost,
    ContractedUnitPrice: unitPrice,
    EffectiveCost: cost,
    InvoiceId: null,
    InvoiceIssuerName: account.provider,
    ListCost: cost,
    ListUnitPrice: unitPrice,
    PricingCategory: 'Standard',
    PricingCurrency: CURRENCY,
    PricingCurrencyContractedUnitPrice: unitPrice,
    PricingCurrencyEffectiveCost: cost,
    PricingCurrencyListUnitPrice: unitPrice,
    PricingQuantity: withoutNoise(pricingQuantity),
    PricingUnit: pricingUnit,
    ProviderName: account.provider,
    PublisherName: account.provider,
    RegionId: region,
    RegionName: region,
    ResourceId: replica.id,
    ResourceName: replica.name,
    ResourceType: 'Model Replica',
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: account.serviceName,
    ServiceSubcategory: 'Generative AI',
    SkuId: skuId,
    SkuMeter: meter,
    SkuPriceDetails: JSON.stringify(meter === 'GPU Hours' ? { GpuCount: 1 } : { x_Model: sku }),
    SkuPriceId: `${skuId} at ${unitPrice} ${CURRENCY}`,
    SubAccountId: null,
    SubAccountName: null,
    SubAccountType: null,
    Tags: JSON.stringify(tags),
    x_InputTokens: charge.inputTokens,
    x_OutputTokens: charge.outputTokens,
    x_UsdPerMtokOutput: outputPrice?.usdPerMtok.value ?? null,
    x_CostView: outputPrice?.view ?? null,
    x_Utilization: charge.utilization?.value ?? null,
    x_RunId: charge.runId,
    x_CostLow: usd.low === null ? null : withoutNoise(usd.low),
    x_CostHigh: usd.high === null ? null : withoutNoise(usd.high),
  };
}

/** Twelve digits: those behind them come from the arithmetic and make 750 hours 749.9999999999999. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}

/** Tokens are consumed one by one and priced by the million. */
function measured(meter: FocusMeter, quantity: number) {
  if (meter === 'GPU Hours') {
    return { pricingQuantity: quantity, pricingUnit: 'Hours', consumedUnit: 'Hours' };
  }
  const pricingUnit = `${TOKENS_PER_MTOK} Tokens`;
  return { pricingQuantity: quantity / TOKENS_PER_MTOK, pricingUnit, consumedUnit: 'Tokens' };
}
