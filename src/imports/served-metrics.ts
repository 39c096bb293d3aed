import type { Comparability, ImportedMetric } from '../core/import-record.ts';

/** What a client measures at a server, under one word for each definition. */
export type ServedMetric =
  | 'ttft'
  | 'second-token'
  | 'tpot'
  | 'chunk-gap'
  | 'latency'
  | 'user-rate'
  | 'request-rate'
  | 'input-rate'
  | 'output-rate'
  | 'total-rate'
  | 'length'
  | 'unknown';

/** Rates that a whole bill can be charged to. */
const RATE_OF: Partial<Record<ServedMetric, ImportedMetric['rateOf']>> = {
  'output-rate': 'output',
  'total-rate': 'total',
};

/** How a figure taken at a server stands to mtok's, by the load it was taken under (null: unknown). */
export function servedComparability(
  metric: ServedMetric,
  concurrency: number | null,
): Pick<ImportedMetric, 'comparability' | 'rateOf'> {
  const comparability = metric === 'tpot' ? tpot(concurrency) : FIXED[metric];
  return { comparability, rateOf: RATE_OF[metric] ?? null };
}

function tpot(concurrency: number | null): Comparability {
  if (concurrency === 1) {
    return {
      status: 'convertible',
      how:
        'TPOT = (latency - TTFT) / (tokens - 1), a mean for each request; decode tokens/s = 1000 / TPOT in ms. ' +
        'One stream; HTTP and detokenising are inside.',
    };
  }
  const load = concurrency === null ? 'a load that is not told' : 'several requests at once';
  return no(
    `(latency - TTFT) / (tokens - 1), a mean for each request, under ${load}: prefills of other requests fall ` +
      'between its tokens. mtok times one batch that starts together.',
  );
}

const FIXED: Record<Exclude<ServedMetric, 'tpot'>, Comparability> = {
  ttft: no(
    "Taken by a client: tokenising, HTTP and the server's queue are inside. mtok starts with token ids at the engine.",
  ),
  'second-token': no('mtok has no figure for the second token alone.'),
  'chunk-gap': no(
    'Gaps between chunks, pooled over requests; a chunk can hold several tokens. The figure per token is TPOT.',
  ),
  latency: no(
    "Taken by a client: HTTP, the server's queue and detokenising are inside, and lengths differ by request.",
  ),
  'user-rate': no(
    'A rate for each request, then statistics of rates: their mean is never below the inverted mean time (Jensen).',
  ),
  'request-rate': no(
    'Requests finished per second under load: not a single stream, and requests have lengths of their own.',
  ),
  'input-rate': no('Input tokens over the whole duration, decoding included: no rate of prefill.'),
  'output-rate': {
    status: 'convertible',
    how:
      'Of the whole server: batch x tokens / (TTFT + steps x TPOT) of mtok at batch = concurrency; ramp-up and ' +
      'drain are inside. Cost: the whole bill on output tokens.',
  },
  'total-rate': {
    status: 'convertible',
    how:
      'Of the whole server: batch x (prompt + generated tokens) / (TTFT + steps x TPOT) of mtok at batch = ' +
      'concurrency; ramp-up and drain are inside. Cost: the whole bill on all tokens alike.',
  },
  length: { status: 'comparable' },
  unknown: no('mtok has no metric of this definition.'),
};

function no(why: string): Comparability {
  return { status: 'not comparable', why };
}

/** A figure that is one number without a distribution. */
export function scalarMetric(
  name: string,
  figures: { unit: string; value: number; statistic: string; isComputed?: boolean },
  served: ServedMetric,
): ImportedMetric {
  return {
    name,
    unit: figures.unit,
    value: figures.value,
    statistic: figures.statistic,
    spread: null,
    others: {},
    samples: null,
    sampleCount: null,
    isComputed: figures.isComputed ?? false,
    ...servedComparability(served, null),
  };
}
