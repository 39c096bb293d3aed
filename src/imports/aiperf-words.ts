import { malformed } from './fields.ts';
import type { ServedMetric } from './served-metrics.ts';

/** What AIPerf's tags are, old and new names alike; its inter-token latency is a request's TPOT. */
const TAGS: Readonly<Record<string, ServedMetric>> = {
  ttft: 'ttft',
  time_to_first_token: 'ttft',
  time_to_first_output_token: 'ttft',
  ttst: 'second-token',
  time_to_second_token: 'second-token',
  inter_token_latency: 'tpot',
  inter_chunk_latency: 'chunk-gap',
  request_latency: 'latency',
  output_token_throughput_per_user: 'user-rate',
  request_throughput: 'request-rate',
  output_token_throughput: 'output-rate',
  total_token_throughput: 'total-rate',
  input_sequence_length: 'length',
  output_sequence_length: 'length',
};

/** What a tag measures; `unknown` for one that mtok has no word for. */
export function tagMeaning(tag: string): ServedMetric {
  return Object.hasOwn(TAGS, tag) ? (TAGS[tag] ?? 'unknown') : 'unknown';
}

/** Times, rates and lengths are never below 0; what mtok has no word for may be. Throws `record`. */
export function assertPossible(tag: string, figures: Iterable<number>, where: string): void {
  if (tagMeaning(tag) === 'unknown') return;
  for (const figure of figures) {
    if (figure < 0) throw malformed(`${where}: ${tag} is ${figure}, expected 0 or more`);
  }
}

/** A unit's short name, and how many of it one of the file's unit is: times become ms. */
export function unitOf(unit: string): { unit: string; factor: number } {
  switch (unit) {
    case 'ns':
      return { unit: 'ms', factor: 1e-6 };
    case 'us':
      return { unit: 'ms', factor: 1e-3 };
    case 's':
    case 'sec':
      return { unit: 'ms', factor: 1000 };
    default:
      return { unit: unit.replace('/sec', '/s'), factor: 1 };
  }
}

/** Tags that tell how much was run, not how fast; they belong to the workload. */
export function isBookkeeping(tag: string): boolean {
  return /timestamp$|_count$|^total_|^benchmark_duration$/.test(tag) && !/throughput/.test(tag);
}
