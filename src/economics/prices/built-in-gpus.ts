import { exact } from '../quantity.ts';
import { usdPerGpuHour } from '../units.ts';
import { GPU_PRICES } from './gpu-prices.ts';
import type { GpuOffer, GpuPriceKind } from './price-book.ts';

/** What is listed apart from the rents that bench charges. */
interface Listed {
  gpu: string;
  provider: string;
  kind: GpuPriceKind;
  usd: number;
  source: string;
  /** Day on which the source was read. */
  date: string;
}

const preemptible = {
  provider: 'nebius',
  kind: 'spot',
  source: 'Nebius preemptible, SkyPilot catalog v8 (undated copy)',
  date: '2026-11-21',
} as const;

/** All-in: purchase, hosting and power, as its authors bundle them. */
const owned = {
  kind: 'owned',
  source: 'InferenceX GPU_SPECS, own hardware, all-in',
  date: '2026-04-03',
} as const;

/** USD per GPU-hour of who owns many of them, and of a smaller cloud. */
const OWNED: readonly [gpu: string, hyperscaler: number, neocloud: number][] = [
  ['H100', 1.3, 1.69],
  ['H200', 1.41, 1.74],
  ['B200', 1.95, 2.34],
  ['GB200', 2.21, 2.75],
  ['MI300X', 1.12, 1.4],
  ['MI325X', 1.28, 1.59],
  ['MI355X', 1.48, 1.9],
];

const LISTED: readonly Listed[] = [
  ...GPU_PRICES.map(({ usdPerHour, ...price }) => ({
    ...price,
    kind: 'rented' as const,
    usd: usdPerHour,
  })),
  { gpu: 'H100', usd: 1.25, ...preemptible },
  { gpu: 'H200', usd: 1.45, ...preemptible },
  ...OWNED.flatMap(([gpu, hyperscaler, neocloud]) => [
    { gpu, provider: 'hyperscaler', usd: hyperscaler, ...owned },
    { gpu, provider: 'neocloud', usd: neocloud, ...owned },
  ]),
];

/** The small table that comes with the program: one rent of each common GPU, a few spot prices and rates of owners. */
export const BUILT_IN_GPU_OFFERS: readonly GpuOffer[] = LISTED.map(
  ({ gpu, provider, kind, usd, source, date }) => ({
    gpu,
    provider,
    kind,
    region: null,
    instance: null,
    usdPerGpuHour: exact(usdPerGpuHour(usd)),
    memoryBytes: null,
    source,
    from: null,
    until: null,
    readOn: date,
  }),
);
