import { z } from 'zod';
import { amount, count, label, samplesOf } from './fields.ts';

/** What a result must tell; the lists are there where details of each request were saved, in seconds. */
export const resultSchema = z.object({
  date: label.nullish(),
  backend: label.nullish(),
  endpoint_type: label.nullish(),
  model_id: label,
  max_concurrency: count.nullish(),
  duration: amount.positive(),
  completed: count,
  failed: count.nullish(),
  total_input_tokens: count,
  total_output_tokens: count,
  request_throughput: amount,
  input_throughput: amount.nullish(),
  output_throughput: amount,
  total_token_throughput: amount.nullish(),
  input_lens: samplesOf(count).nullish(),
  output_lens: samplesOf(count).nullish(),
  ttfts: samplesOf().nullish(),
  itls: z.array(samplesOf()).nullish(),
  latencies: samplesOf().nullish(),
  errors: z.array(z.string()).nullish(),
});
export type VllmResult = z.infer<typeof resultSchema>;

export const LATENCIES = ['ttft', 'tpot', 'itl', 'e2el'] as const;
export type Latency = (typeof LATENCIES)[number];

/** A statistic as the file tells it. */
export interface Stated {
  key: string;
  latency: Latency;
  statistic: string;
  value: number;
  /** Milliseconds to one of the file's units. */
  unitMs: number;
}
