import { z } from 'zod';
import { exact, type Quantity, unknown } from '../quantity.ts';
import { quantityField } from '../read-quantity.ts';
import { named, nameField, policyFields, priceField } from './fields.ts';
import { LIMITS, type ModelKind, type ModelPolicy, type ModelSpec } from './unit-file.ts';

const rate = quantityField({ min: 1e-9, max: 1e12 });

const fields = z.strictObject({
  ...policyFields,
  record: z
    .string('expected the id of a record as text: put one that is all digits in quotes')
    .trim()
    .min(1)
    .max(LIMITS.nameLength)
    .optional(),
  prefillTps: rate.optional(),
  decodeTps: rate.optional(),
  usdPerGpuHour: priceField.optional(),
  gpus: quantityField({ min: 1, max: 1e6 }).optional(),
  utilization: quantityField({ min: 1e-6, max: 1 }).optional(),
  api: nameField.optional(),
  batch: z.boolean().optional(),
  inputUsdPerMtok: priceField.optional(),
  outputUsdPerMtok: priceField.optional(),
  cacheReadUsdPerMtok: priceField.optional(),
  cacheWriteUsdPerMtok: priceField.optional(),
  usdPerCall: priceField.optional(),
});
type Fields = z.output<typeof fields>;
type Field = keyof Fields;

const DEPLOYMENT: readonly Field[] = ['usdPerGpuHour', 'gpus', 'utilization'];
const TOKEN_PRICES = ['inputUsdPerMtok', 'outputUsdPerMtok', 'cacheReadUsdPerMtok'] as const;

/** The fields of each way of pricing; the first ones tell which it is. */
const FIELDS: Readonly<Record<ModelKind, { marks: readonly Field[]; others: readonly Field[] }>> = {
  record: { marks: ['record'], others: DEPLOYMENT },
  rates: { marks: ['prefillTps', 'decodeTps'], others: DEPLOYMENT },
  api: { marks: ['api'], others: ['batch'] },
  priced: { marks: [...TOKEN_PRICES, 'cacheWriteUsdPerMtok', 'usdPerCall'], others: [] },
};
const KINDS = Object.keys(FIELDS) as ModelKind[];

/** A model as a file names it; one way of pricing, and none of another's fields. */
export const modelSchema = fields.superRefine((model, context) => {
  const [kind, another] = kindsOf(model);
  const refuse = (path: Field[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  if (kind === undefined) {
    refuse(
      [],
      'a model needs record, prefillTps and decodeTps, api, or prices such as inputUsdPerMtok',
    );
    return;
  }
  if (another !== undefined) {
    refuse(
      [],
      `a model has one way of pricing, this has ${markOf(model, kind)} and ${markOf(model, another)}`,
    );
    return;
  }
  const { marks, others } = FIELDS[kind];
  const allowed: readonly Field[] = [
    ...marks,
    ...others,
    ...(Object.keys(policyFields) as Field[]),
  ];
  const strange = (Object.keys(model) as Field[]).find((field) => !allowed.includes(field));
  if (strange !== undefined) {
    refuse([strange], `does not go with ${markOf(model, kind)}`);
  }
});

function kindsOf(model: Fields): ModelKind[] {
  return KINDS.filter((kind) => FIELDS[kind].marks.some((field) => model[field] !== undefined));
}

function markOf(model: Fields, kind: ModelKind): Field {
  return FIELDS[kind].marks.find((field) => model[field] !== undefined) ?? 'record';
}

/** @param key of the model in its file, such as `models.small` */
export function readModel(model: Fields, key: string): ModelSpec {
  return { ...policyOf(model, key), ...pricingOf(model, key) };
}

function policyOf(model: Fields, key: string): ModelPolicy {
  const { successProbability, maxAttempts = 1, escalateTo = null } = model;
  return {
    successProbability: named(successProbability ?? exact(1), `${key}.successProbability`),
    maxAttempts,
    escalateTo,
  };
}

function pricingOf(model: Fields, key: string) {
  const figure = (field: keyof Fields & string, value: Quantity | undefined): Quantity =>
    value === undefined ? unknown(`${key}.${field} is not given`) : named(value, `${key}.${field}`);
  const { usdPerGpuHour, gpus, utilization } = model;
  const deployment = {
    gpus: named(gpus ?? exact(1), `${key}.gpus`),
    utilization: named(utilization ?? exact(1), `${key}.utilization`),
  };
  switch (kindsOf(model)[0]) {
    case 'record':
      return {
        kind: 'record' as const,
        record: model.record ?? 'latest',
        usdPerGpuHour: usdPerGpuHour === undefined ? null : figure('usdPerGpuHour', usdPerGpuHour),
        ...deployment,
      };
    case 'rates':
      return {
        kind: 'rates' as const,
        prefillTps: figure('prefillTps', model.prefillTps),
        decodeTps: figure('decodeTps', model.decodeTps),
        usdPerGpuHour: figure('usdPerGpuHour', usdPerGpuHour),
        ...deployment,
      };
    case 'api':
      return { kind: 'api' as const, api: model.api ?? '', isBatch: model.batch ?? false };
    default:
      return pricesOf(model, figure);
  }
}

/**
 * Prices that are not given are unknown, and a fee for a call that is not given is none. With a price per call alone,
 * such as a person's, tokens cost nothing more.
 */
function pricesOf(model: Fields, figure: (field: Field, value: Quantity | undefined) => Quantity) {
  const { cacheWriteUsdPerMtok: write, usdPerCall } = model;
  const isPerCall = usdPerCall !== undefined && TOKEN_PRICES.every((it) => model[it] === undefined);
  const perMtok = (field: (typeof TOKEN_PRICES)[number]) =>
    isPerCall ? exact(0) : figure(field, model[field]);
  return {
    kind: 'priced' as const,
    inputUsdPerMtok: perMtok('inputUsdPerMtok'),
    outputUsdPerMtok: perMtok('outputUsdPerMtok'),
    cacheReadUsdPerMtok: perMtok('cacheReadUsdPerMtok'),
    cacheWriteUsdPerMtok: write === undefined ? null : figure('cacheWriteUsdPerMtok', write),
    usdPerCall: usdPerCall === undefined ? exact(0) : figure('usdPerCall', usdPerCall),
  };
}
