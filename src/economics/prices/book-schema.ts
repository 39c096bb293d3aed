import { z } from 'zod';
import { quantityField } from '../read-quantity.ts';
import { GPU_PRICE_KINDS } from './price-book.ts';

const MOST_ROWS = 1_000_000;
const MOST_TIERS = 20;
const MOST_ALIASES = 200;
const MOST_TOKENS = 1e9;
const MOST_BYTES = 1e15;
/** Above any price; catches one per token or in cents. */
export const MOST_USD_PER_GPU_HOUR = 10_000;
export const MOST_USD_PER_MTOK = 1_000_000;

/** Names and sources are printed on terminals, on one line. */
export function isPlainText(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}

const plainText = z.string().trim().min(1).refine(isPlainText, {
  error: 'expected text on one line without control characters',
});
const name = plainText.max(200);
const day = z.iso.date({ error: 'expected a day as YYYY-MM-DD' });
const usdPerMtok = quantityField({ max: MOST_USD_PER_MTOK }).optional();

/** Fields of our rates in a file: USD per million tokens. */
export const RATE_FIELDS = {
  input: 'inputUsdPerMtok',
  output: 'outputUsdPerMtok',
  cacheRead: 'cacheReadUsdPerMtok',
  cacheWrite: 'cacheWriteUsdPerMtok',
} as const;

const rates = {
  inputUsdPerMtok: usdPerMtok,
  outputUsdPerMtok: usdPerMtok,
  cacheReadUsdPerMtok: usdPerMtok,
  cacheWriteUsdPerMtok: usdPerMtok,
};

const origin = {
  source: plainText.max(500),
  from: day.optional(),
  until: day.optional(),
  readOn: day.optional(),
};

interface Dated {
  from?: string | undefined;
  until?: string | undefined;
  readOn?: string | undefined;
}

const isDated = ({ from, until, readOn }: Dated) => (from ?? until ?? readOn) !== undefined;
const NOT_DATED = 'expected a day: from, until or readOn (when its source was read)';
const isForwards = ({ from, until }: Dated) =>
  from === undefined || until === undefined || from < until;
const NOT_FORWARDS = { error: 'expected until after from', path: ['until'] };

const gpu = z
  .strictObject({
    gpu: name,
    provider: name,
    region: name.optional(),
    instance: name.optional(),
    kind: z.enum(GPU_PRICE_KINDS),
    usdPerGpuHour: quantityField({ max: MOST_USD_PER_GPU_HOUR }),
    memoryBytes: z.number().positive().max(MOST_BYTES).optional(),
    ...origin,
  })
  .refine(isDated, { error: NOT_DATED })
  .refine(isForwards, NOT_FORWARDS);

const tier = z.strictObject({ aboveInputTokens: z.number().min(0).max(MOST_TOKENS), ...rates });

const api = z
  .strictObject({
    provider: name,
    model: name,
    aliases: z.array(name).max(MOST_ALIASES).optional(),
    ...rates,
    tiers: z
      .array(tier)
      .max(MOST_TIERS)
      .refine((tiers) => new Set(tiers.map((one) => one.aboveInputTokens)).size === tiers.length, {
        error: 'expected tiers above different numbers of tokens',
      })
      .optional(),
    batch: z.strictObject(rates).optional(),
    usdPerRequest: quantityField({ max: 1000 }).optional(),
    ...origin,
  })
  .refine((entry) => (entry.inputUsdPerMtok ?? entry.outputUsdPerMtok) !== undefined, {
    error: 'expected inputUsdPerMtok or outputUsdPerMtok',
  })
  .refine(isDated, { error: NOT_DATED })
  .refine(isForwards, NOT_FORWARDS);

/** A price book as a file. A price that is left out is unknown; one that is nothing is written 0. */
export const bookSchema = z
  .strictObject({
    gpus: z.array(gpu).max(MOST_ROWS).optional(),
    apis: z.array(api).max(MOST_ROWS).optional(),
  })
  .refine(({ gpus, apis }) => (gpus ?? apis) !== undefined, {
    error: 'expected a list gpus, a list apis or both',
  });

export type GpuEntry = z.output<typeof gpu>;
export type ApiEntry = z.output<typeof api>;
export type RatesEntry = z.output<typeof tier> | ApiEntry | NonNullable<ApiEntry['batch']>;
