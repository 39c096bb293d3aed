import { KV_FORMATS, type KvFormat, WEIGHT_FORMATS, type WeightFormat } from '../../core/cell.ts';
import { parseNumberList } from '../../core/number-list.ts';
import { BYTE_SIZE_SYNTAX, readByteSize } from '../../economics/fit/byte-size.ts';
import type { Known } from '../../economics/quantity.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Options of `mtok cost fit` as typed. */
export interface CostFitArguments {
  params?: string;
  layers?: string;
  kvHeads?: string;
  headDim?: string;
  model?: string;
  record?: string;
  store?: string;
  variant?: string;
  kv?: string;
  pure?: true;
  context?: string;
  batch: string;
  gpu?: string;
  memory?: string;
  usable: string;
  activations?: string;
  gpus?: string;
  gpuPrice?: string;
  prices?: string[];
  bandwidth?: string;
  sequenceTps?: string;
  experts?: string;
  activeExperts?: string;
  activeParams?: string;
  seed?: string;
  json?: true;
}

/** The same, checked; what a model or a GPU is, is read elsewhere. */
export interface FitRequest {
  variants: readonly WeightFormat[] | null;
  kvs: readonly KvFormat[] | null;
  withScales: boolean;
  contexts: readonly number[] | null;
  batch: number;
  /** Null where --gpu names it. */
  memoryBytes: number | null;
  usableShare: number;
  activationBytes: number;
  gpus: number | null;
  usdPerGpuHour: Known | null;
  bandwidthBytesPerSecond: number | null;
  sequenceTps: Known | null;
  experts: ExpertOptions | null;
  seed: number;
}

export interface ExpertOptions {
  experts: number;
  activeExperts: number;
  activeParameters: number | null;
}

const MOST_BYTES = 1e18;
const MOST_PARAMETERS = 1e15;
const MOST_CONTEXT = 1e9;

/** Throws `usage` for options that are wrong, missing or contradict each other. */
export function parseFitRequest(argv: CostFitArguments): FitRequest {
  if ((argv.gpu === undefined) === (argv.memory === undefined)) {
    throw usageError(
      argv.gpu === undefined ? 'cost fit got no GPU' : 'Give either --gpu or --memory, not both',
      'Name one (--gpu H100), or give the memory of one with its unit (--memory 80GB).',
    );
  }
  if (argv.prices !== undefined && (argv.gpu === undefined || argv.gpuPrice !== undefined)) {
    throw usageError('--prices is of the price book, which needs --gpu and no --gpu-price');
  }
  const usable = parseShare(argv.usable, {
    option: '--usable',
    min: 0,
    max: 1,
    isMinAllowed: false,
  });
  return {
    variants: parseFormats(argv.variant, '--variant', WEIGHT_FORMATS),
    kvs: parseFormats(argv.kv, '--kv', KV_FORMATS),
    withScales: argv.pure !== true,
    contexts:
      argv.context === undefined
        ? null
        : parseNumberList(argv.context, { option: '--context', min: 1, max: MOST_CONTEXT }),
    batch: parseInteger(argv.batch, { option: '--batch', min: 1, max: 1e6 }) ?? 1,
    memoryBytes: parseSize(argv.memory, '--memory', false),
    usableShare: usable?.value ?? 1,
    activationBytes: parseSize(argv.activations, '--activations', true) ?? 0,
    gpus: parseInteger(argv.gpus, { option: '--gpus', min: 1, max: 1024 }),
    usdPerGpuHour: parseQuantity(argv.gpuPrice, { option: '--gpu-price', min: 0, max: 1e6 }),
    bandwidthBytesPerSecond: parseRate(argv.bandwidth),
    sequenceTps: parseQuantity(argv.sequenceTps, {
      option: '--sequence-tps',
      min: 0,
      max: 1e9,
      isMinAllowed: false,
    }),
    experts: parseExperts(argv),
    seed: parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0,
  };
}

/** A number of parameters such as `70e9`. Throws `usage`. */
export function parseParameters(text: string | undefined, option: string): number | null {
  const parsed = parseQuantity(text, { option, min: 1, max: MOST_PARAMETERS });
  if (parsed === null || parsed.low === null) return parsed?.value ?? null;
  throw usageError(`${option} got a range, expected a number such as 70e9`);
}

function parseFormats<F extends string>(
  text: string | undefined,
  option: string,
  formats: readonly F[],
): F[] | null {
  if (text === undefined) return null;
  const chosen = text.split(',').map((part) => {
    const format = formats.find((name) => name === part.trim());
    if (format !== undefined) return format;
    const shown = JSON.stringify(part.slice(0, 40));
    throw usageError(`${option} got ${shown}, expected a list of ${formats.join(', ')}`);
  });
  return [...new Set(chosen)];
}

function parseSize(
  text: string | undefined,
  option: string,
  isZeroAllowed: boolean,
): number | null {
  if (text === undefined) return null;
  const bytes = readByteSize(text);
  if (bytes !== null && bytes <= MOST_BYTES && (bytes > 0 || isZeroAllowed)) return bytes;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`${option} got ${shown}, expected ${BYTE_SIZE_SYNTAX}`);
}

function parseRate(text: string | undefined): number | null {
  if (text === undefined) return null;
  const bytes = /\/s$/i.test(text.trim()) ? readByteSize(text.trim().slice(0, -2)) : null;
  if (bytes !== null && bytes > 0 && bytes <= MOST_BYTES) return bytes;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`--bandwidth got ${shown}, expected a rate with its unit, such as 3.35TB/s`);
}

function parseExperts(argv: CostFitArguments): ExpertOptions | null {
  const number = (text: string | undefined, option: string) =>
    parseInteger(text, { option, min: 1, max: 1e6 });
  const experts = number(argv.experts, '--experts');
  const activeExperts = number(argv.activeExperts, '--active-experts');
  const activeParameters = parseParameters(argv.activeParams, '--active-params');
  if (experts === null && activeExperts === null && activeParameters === null) return null;
  if (experts === null || activeExperts === null) {
    throw usageError('A mixture of experts needs both --experts and --active-experts');
  }
  if (activeExperts > experts) {
    throw usageError(`--active-experts ${activeExperts} is more than --experts ${experts}`);
  }
  return { experts, activeExperts, activeParameters };
}
