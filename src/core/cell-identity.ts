import { workloadName } from './cell-name.ts';
import type { BenchRecord } from './record.ts';

/** What must be the same on both sides of a comparison, unless it is what is compared or was allowed to differ. */
export const IDENTITY_KEYS = [
  'model',
  'weights',
  'kv',
  'activations',
  'backend',
  'host',
  'prompt',
  'generate',
  'depth',
  'batch',
  'device',
  'driver',
  'engine',
  'machine',
] as const;
export type IdentityKey = (typeof IDENTITY_KEYS)[number];
export type CellIdentity = Readonly<Record<IdentityKey, string>>;

/** The packages whose version is that of the engine. */
const ENGINE_PACKAGES = ['webgpu', 'onnxruntime-node', 'onnxruntime-web'] as const;

/** A record's identity as text by key; models are known by the hash of their files, not by their path. */
export function cellIdentityOf(record: BenchRecord): CellIdentity {
  const { cell, device, provenance, modelSha256 } = record;
  const { promptTokens, generatedTokens, depth, batch } = cell.workload;
  const known = (key: string) => `${provenance[key] ?? 'unknown'}`;
  return {
    model: modelSha256 ?? cell.model,
    weights: cell.variant.weights,
    kv: cell.variant.kv,
    activations: cell.variant.activations,
    backend: cell.backend,
    host: cell.host,
    prompt: `${promptTokens}`,
    generate: `${generatedTokens}`,
    depth: `${depth}`,
    batch: `${batch}`,
    device: device?.name ?? 'unknown',
    driver: driverOf(record),
    engine: engineOf(record),
    machine: `${known('cpu')}, ${known('cpuThreads')} threads`,
  };
}

/** The driver as the adapter names it; `none` where the device is the processor. */
export function driverOf({ device }: Pick<BenchRecord, 'device'>): string {
  return `${device?.details.driver ?? (device?.kind === 'cpu' ? 'none' : 'unknown')}`;
}

function engineOf({ cell, provenance }: BenchRecord): string {
  if (cell.backend === 'reference') return 'reference';
  const isOrt = cell.backend.startsWith('ort-');
  const names = ENGINE_PACKAGES.filter((name) => name.startsWith('onnxruntime') === isOrt);
  const versions = names.flatMap((name) =>
    provenance[name] === undefined || provenance[name] === null
      ? []
      : [`${name} ${provenance[name]}`],
  );
  if (cell.host !== 'node') versions.push(`${provenance.browser ?? cell.host}`);
  return versions.length === 0 ? 'unknown' : versions.join(', ');
}

/** Keys in which two cells differ, in the order of the list. */
export function differingKeys(a: CellIdentity, b: CellIdentity): IdentityKey[] {
  return IDENTITY_KEYS.filter((key) => a[key] !== b[key]);
}

/** A value as a person knows it: a model by its name. */
export function shownValue(record: BenchRecord, key: IdentityKey): string {
  return key === 'model' ? record.cell.model : cellIdentityOf(record)[key];
}

/** Both cells on one line; where they differ, `a→b`. */
export function pairName(a: BenchRecord, b: BenchRecord): string {
  const both = (textOf: (record: BenchRecord) => string) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left === right ? left : `${left}→${right}`;
  };
  const parts = [
    both(({ cell }) => cell.model),
    both(({ cell }) => cell.variant.weights),
    `kv ${both(({ cell }) => cell.variant.kv)}`,
    both(({ cell }) => cell.variant.activations),
    both(({ cell }) => cell.backend),
    both(({ cell }) => cell.host),
    both(({ cell }) => workloadName(cell.workload)),
  ];
  return parts.filter((part) => part !== 'node').join(' ');
}
