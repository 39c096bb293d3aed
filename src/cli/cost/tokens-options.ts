import type { BenchRecord } from '../../core/record.ts';
import type { Inputs } from '../../economics/propagate.ts';
import { exact, type Known, unknown } from '../../economics/quantity.ts';
import { recordPrice } from '../../economics/tokens/record-price.ts';
import { recordRates } from '../../economics/tokens/record-rates.ts';
import type { AllocationMethod } from '../../economics/tokens/split-methods.ts';
import type { StepSplit } from '../../economics/tokens/split-steps.ts';
import { OPENCOST_OUTPUT_WEIGHT, ratesFromTotal } from '../../economics/tokens/split-total.ts';
import type { CostInput } from '../../economics/tokens/token-costs.ts';
import { usageError } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import type { GivenPrice, PriceArguments } from './given-price.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Options of `mtok cost tokens` as typed. */
export interface CostTokensArguments extends PriceArguments {
  record?: string[];
  store?: string;
  prefillTps?: string;
  decodeTps?: string;
  input?: string;
  output?: string;
  gpus: string;
  utilization: string;
  cacheHit: string;
  blend?: string;
  tornado?: true;
  steps?: string;
  totalTps?: string;
  outputWeight?: string;
  batch?: string;
  allocation?: true;
  energy?: true;
  requestsPerMonth?: string;
  focus?: string;
  month?: string;
  seed?: string;
  json?: true;
}

/** What a table row stands for. */
export interface CostSubject {
  /** The record that gave the rates; null for given rates. */
  record: BenchRecord | null;
  inputs: Inputs<CostInput>;
  /** `--gpu-price`, or where the record's price comes from. */
  priceSource: string;
  /** By what the time is split between the phases: measured or given rates of each, or a rule. */
  allocationMethod: AllocationMethod;
}

const MOST_TOKENS = 1e9;
const MOST_RATE = 1e12;

/**
 * The subjects of a command line; `records` are those that --record names, `stepSplit` what --steps holds, `price`
 * what it gives. Throws `usage`.
 */
export function costSubjects(
  argv: CostTokensArguments,
  records: readonly BenchRecord[],
  stepSplit: StepSplit | null = null,
  price: GivenPrice | null = null,
): CostSubject[] {
  const given = givenRates(argv);
  const total = givenTotal(argv);
  const areGiven = given.prefill !== null || given.decode !== null;
  const sources = [records.length > 0, areGiven, stepSplit !== null, total !== null];
  if (sources.filter(Boolean).length > 1) {
    throw usageError(
      'Give either --record, or --prefill-tps and --decode-tps, or --steps, or --total-tps, not several',
    );
  }
  const rates =
    stepSplit === null ? given : { prefill: stepSplit.prefillTps, decode: stepSplit.decodeTps };
  if (records.length > 0) return records.map((record) => ofRecord(argv, record, price));
  if (rates.prefill === null && rates.decode === null && total === null) {
    throw usageError(
      'cost tokens got no rates',
      'Name a record (--record latest), or give --prefill-tps and --decode-tps, --steps or --total-tps.',
    );
  }
  const inputTokens = requiredTokens(argv.input, '--input');
  const outputTokens = requiredTokens(argv.output, '--output');
  assertSomeTokens(inputTokens, outputTokens);
  if (price === null) {
    throw usageError(
      'cost tokens got no price',
      'Give USD per GPU-hour with --gpu-price 2.85, or a GPU of the price book with --gpu H100.',
    );
  }
  const shared = common(argv, inputTokens, outputTokens);
  const phases =
    total === null
      ? rates
      : ratesFromTotal({ ...shared, totalTps: total.rate }, total.outputWeight);
  const inputs = {
    ...shared,
    prefillTps: phases.prefill ?? unknown('--prefill-tps was not given'),
    decodeTps: phases.decode ?? unknown('--decode-tps was not given'),
    usdPerGpuHour: price.price,
  };
  return [
    {
      record: null,
      inputs,
      priceSource: price.source,
      allocationMethod: allocationMethod(stepSplit, total?.outputWeight ?? null),
    },
  ];
}

function allocationMethod(stepSplit: StepSplit | null, weight: number | null): AllocationMethod {
  if (weight !== null) return `multiplier-${weight}`;
  return stepSplit === null ? 'gpu-seconds' : 'mixed-batch-fit';
}

/** The rate of all tokens, and by what rule it is split; null when not given. */
function givenTotal(argv: CostTokensArguments): { rate: Known; outputWeight: number } | null {
  const rate = parseQuantity(argv.totalTps, {
    option: '--total-tps',
    min: 0,
    max: MOST_RATE,
    isMinAllowed: false,
  });
  const weight = parseDecimal(argv.outputWeight, {
    option: '--output-weight',
    min: 0.01,
    max: 1e4,
  });
  if (rate === null) {
    if (weight === null) return null;
    throw usageError('--output-weight splits a total rate', 'Give the rate with --total-tps.');
  }
  if (argv.allocation) {
    throw usageError(
      '--allocation compares rules with a split by GPU time, which --total-tps does not hold',
      'Give --record, --steps, or --prefill-tps and --decode-tps.',
    );
  }
  return { rate, outputWeight: weight ?? OPENCOST_OUTPUT_WEIGHT };
}

function givenRates(argv: CostTokensArguments): { prefill: Known | null; decode: Known | null } {
  const rate = (text: string | undefined, option: string) =>
    parseQuantity(text, { option, min: 0, max: MOST_RATE, isMinAllowed: false });
  return {
    prefill: rate(argv.prefillTps, '--prefill-tps'),
    decode: rate(argv.decodeTps, '--decode-tps'),
  };
}

function ofRecord(
  argv: CostTokensArguments,
  record: BenchRecord,
  given: GivenPrice | null,
): CostSubject {
  const { promptTokens, generatedTokens } = record.cell.workload;
  const { prefill, decode } = recordRates(record);
  const { price, source } = given ?? recordPrice(record, 'give one with --gpu-price');
  const input = tokensOf(argv.input, '--input') ?? exact(promptTokens);
  const output = tokensOf(argv.output, '--output') ?? exact(generatedTokens);
  assertSomeTokens(input, output);
  const inputs = {
    ...common(argv, input, output),
    prefillTps: prefill,
    decodeTps: decode,
    usdPerGpuHour: price,
  };
  return { record, inputs, priceSource: source, allocationMethod: 'gpu-seconds' };
}

function common(argv: CostTokensArguments, inputTokens: Known, outputTokens: Known) {
  const [blendInput, blendOutput] = parseBlend(argv.blend) ?? [inputTokens, outputTokens];
  return {
    inputTokens,
    outputTokens,
    blendInput,
    blendOutput,
    gpus: exact(parseInteger(argv.gpus, { option: '--gpus', min: 1, max: 1e6 }) ?? 1),
    utilization:
      parseShare(argv.utilization, {
        option: '--utilization',
        min: 0,
        max: 1,
        isMinAllowed: false,
      }) ?? exact(1),
    cacheHit: parseShare(argv.cacheHit, { option: '--cache-hit', min: 0, max: 1 }) ?? exact(0),
  };
}

function requiredTokens(text: string | undefined, option: string): Known {
  const tokens = tokensOf(text, option);
  if (tokens !== null) return tokens;
  throw usageError(`cost tokens got no ${option}`, `Give the tokens of a request with ${option}.`);
}

function tokensOf(text: string | undefined, option: string): Known | null {
  return parseQuantity(text, { option, min: 0, max: MOST_TOKENS });
}

function assertSomeTokens(input: Known, output: Known): void {
  if (input.value + output.value > 0) return;
  throw usageError('A request of no tokens has no cost', 'Give --input or --output above 0.');
}

/** `3:1`, input to output. */
export function parseBlend(text: string | undefined): [Known, Known] | null {
  if (text === undefined) return null;
  const [, input, output] = /^(\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/.exec(text) ?? [];
  if (input === undefined || output === undefined || Number(input) + Number(output) === 0) {
    const shown = JSON.stringify(text.slice(0, 40));
    throw usageError(`--blend got ${shown}, expected input to output tokens such as 3:1`);
  }
  return [exact(Number(input)), exact(Number(output))];
}
