import { cellName } from '../../core/cell-name.ts';
import type { BenchRecord } from '../../core/record.ts';
import { ratesOf } from '../prices/api-call.ts';
import { apiName } from '../prices/lookup.ts';
import type { ApiPrice, ApiRates } from '../prices/price-book.ts';
import { isKnown, type Quantity } from '../quantity.ts';
import { recordPrice } from '../tokens/record-price.ts';
import { recordRates } from '../tokens/record-rates.ts';
import type { UsdPerMtok } from '../units.ts';
import type { DeploymentPrice, ModelPrice, TokenPrices } from './model-price.ts';
import type { ApiSpec, ModelSpec, PricedSpec, RecordSpec, UnitFile } from './unit-file.ts';

/** Where the record and the API price of a model of the file are looked up; both throw for what they do not have. */
export interface PriceSources {
  record: (model: string, id: string) => BenchRecord;
  api: (model: string, name: string) => ApiPrice;
}

/** A price for every model of a unit. Throws what its sources do. */
export function modelPrices(
  { models }: Pick<UnitFile, 'models'>,
  sources: PriceSources,
): Record<string, ModelPrice> {
  return Object.fromEntries(
    Object.entries(models).map(([name, spec]) => [name, modelPrice(spec, name, sources)]),
  );
}

function modelPrice(spec: ModelSpec, name: string, sources: PriceSources): ModelPrice {
  switch (spec.kind) {
    case 'record':
      return ofRecord(spec, sources.record(name, spec.record), `models.${name}`);
    case 'rates': {
      const { prefillTps, decodeTps, usdPerGpuHour, gpus, utilization } = spec;
      return {
        kind: 'deployment',
        ...{ prefillTps, decodeTps, usdPerGpuHour, gpus, utilization },
        measuredPromptTokens: null,
        source: 'self-hosted at given rates',
      };
    }
    case 'api':
      return ofApi(spec, sources.api(name, spec.api));
    case 'priced':
      return ofPrices(spec);
  }
}

/** The rates are those of the record's own prompt, answer and batch. */
function ofRecord(spec: RecordSpec, record: BenchRecord, key: string): DeploymentPrice {
  const { prefill, decode } = recordRates(record);
  const own = recordPrice(record, `give one with ${key}.usdPerGpuHour`);
  const { usdPerGpuHour, gpus, utilization } = spec;
  const from = usdPerGpuHour === null ? own.source : 'given in the file';
  const device = record.device?.name ?? 'an unknown device';
  return {
    kind: 'deployment',
    prefillTps: prefill,
    decodeTps: decode,
    usdPerGpuHour: usdPerGpuHour ?? own.price,
    gpus,
    utilization,
    measuredPromptTokens: record.cell.workload.promptTokens + record.cell.workload.depth,
    source: `${cellName(record.cell)} on ${device}, record ${record.id}; price ${from}`,
  };
}

function ofApi({ isBatch }: ApiSpec, price: ApiPrice): TokenPrices {
  const tiers = [...price.tiers].sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
  const day = price.from === null ? '' : `, from ${price.from}`;
  return {
    kind: 'per-token',
    rates: withWrites(ratesOf(price, 0, isBatch)),
    tiers: tiers.map(({ aboveInputTokens }) => ({
      aboveInputTokens,
      rates: withWrites(ratesOf(price, aboveInputTokens + 1, isBatch)),
    })),
    usdPerCall: price.usdPerRequest,
    source: `${apiName(price)}${isBatch ? ', batch' : ''} (${price.source}${day})`,
  };
}

/** A provider that names no price for writing to its cache bills written tokens as the input that they are. */
function withWrites(rates: ApiRates): ApiRates {
  return isKnown(rates.cacheWrite) ? rates : { ...rates, cacheWrite: rates.input };
}

function ofPrices(spec: PricedSpec): TokenPrices {
  const { inputUsdPerMtok, outputUsdPerMtok, cacheReadUsdPerMtok, cacheWriteUsdPerMtok } = spec;
  return {
    kind: 'per-token',
    rates: {
      input: perMtok(inputUsdPerMtok),
      output: perMtok(outputUsdPerMtok),
      cacheRead: perMtok(cacheReadUsdPerMtok),
      cacheWrite: perMtok(cacheWriteUsdPerMtok ?? inputUsdPerMtok),
    },
    tiers: [],
    usdPerCall: spec.usdPerCall,
    source: 'prices in the file',
  };
}

/** A figure of the file by the unit that its name says. */
function perMtok(figure: Quantity): Quantity<UsdPerMtok> {
  return figure as Quantity<UsdPerMtok>;
}
