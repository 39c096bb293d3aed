import { z } from 'zod';
import { KV_FORMATS, WEIGHT_FORMATS } from '../../core/cell.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { sha256Hex } from '../sha256.ts';

/** Raise it whenever an older table means something else. */
export const TUNED_VERSION = 1;

const size = z
  .int()
  .min(1)
  .max(1 << 24);
const name = z.string().min(1).max(200);
const milliseconds = z.number().min(0).max(1e9);

/** What was tuned: `rows` and `seq` are those that it was timed with. */
const operationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('product'),
    format: z.enum(WEIGHT_FORMATS),
    rows: size,
    k: size,
    n: size,
  }),
  z.strictObject({
    kind: z.literal('attention'),
    heads: size,
    kvHeads: size,
    headDim: size,
    kv: z.enum(KV_FORMATS),
    position: z
      .int()
      .min(0)
      .max(1 << 24),
    seq: size,
  }),
]);

/** Whether the device can run it is checked where it is used: kernels come and go. */
const choiceSchema = z.strictObject({
  kernel: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/),
  /** Attention only: the subgroup size it is written for. */
  lanes: z.int().min(0).max(1024).optional(),
  tunables: z.record(
    z.string().regex(/^[a-z][A-Za-z0-9]{0,30}$/),
    z
      .int()
      .min(0)
      .max(1 << 20),
  ),
});

const entrySchema = z.strictObject({
  operation: operationSchema,
  choice: choiceSchema,
  /** Medians of the last, interleaved comparison; `defaultMs` is null where the default does not work. */
  ms: milliseconds,
  defaultMs: milliseconds.nullable(),
  /** Candidates that were timed, the default among them. */
  tried: z.int().min(0).max(1e6),
  /** Candidates that exist on this device. */
  candidates: z.int().min(0).max(1e6),
  skipped: z
    .array(z.strictObject({ choice: choiceSchema, reason: z.string().max(2000) }))
    .max(10_000),
});

const adapterSchema = z.strictObject({
  name,
  vendor: name,
  architecture: z.string().max(200),
  device: z.string().max(200),
  driver: z.string().max(500),
  features: z.string().max(2000),
});

export const tunedTableSchema = z.strictObject({
  version: z.literal(TUNED_VERSION),
  adapter: adapterSchema,
  /** Of the texts of all kernels, see kernelsSha256. */
  kernelsSha256: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.iso.datetime(),
  entries: z.array(entrySchema).max(10_000),
});

/** The best kernels that were found for an adapter, operation by operation. */
export type TunedTable = z.infer<typeof tunedTableSchema>;
export type TunedEntry = z.infer<typeof entrySchema>;
export type TunedChoice = z.infer<typeof choiceSchema>;
export type TunedOperation = z.infer<typeof operationSchema>;
export type AdapterIdentity = z.infer<typeof adapterSchema>;

/** Features on which the choice of kernels depends. */
const FEATURES = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'];

/** What of an adapter a tuned table is for: another driver or feature, another table. */
export function adapterIdentity({ name, vendor, details }: DeviceInfo): AdapterIdentity {
  const text = (key: string) => String(details[key] ?? '');
  const has = new Set(text('features').split(' '));
  const subgroups = `subgroups of ${text('subgroupMinSize')} to ${text('subgroupMaxSize')}`;
  return {
    name,
    vendor,
    architecture: text('architecture'),
    device: text('device'),
    driver: text('driver'),
    features: [
      ...FEATURES.filter((feature) => has.has(feature)),
      subgroups,
      text('subgroupMatrixConfigs'),
    ].join('; '),
  };
}

/** Names the file of an adapter's table; the display name is not part of it. */
export function identitySha256({ name: _, ...identity }: AdapterIdentity): Promise<string> {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(identity)));
}

/** Why a table is not for this adapter and these kernels; null when it is. */
export function staleness(
  table: TunedTable,
  adapter: AdapterIdentity,
  kernelsSha256: string,
): string | null {
  const keys = ['vendor', 'architecture', 'device', 'driver', 'features'] as const;
  const other = keys.find((key) => table.adapter[key] !== adapter[key]);
  if (other !== undefined) {
    return `it was made with ${other} "${table.adapter[other]}", this is "${adapter[other]}"`;
  }
  if (table.kernelsSha256 !== kernelsSha256) return 'the kernels have changed since it was made';
  return null;
}

/** Tells operations apart, whatever the order of their keys. */
export function operationKey(operation: TunedOperation): string {
  return JSON.stringify(Object.entries(operation).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The table with these entries put in the place of those for the same operations. */
export function withEntries(table: TunedTable, entries: readonly TunedEntry[]): TunedTable {
  const all = new Map<string, TunedEntry>();
  for (const entry of [...table.entries, ...entries]) all.set(operationKey(entry.operation), entry);
  return { ...table, entries: [...all.values()] };
}
