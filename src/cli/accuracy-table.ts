import type { ComparisonSummary } from '../quality/comparison.ts';
import { formatEstimate, formatNumber, plainText } from '../report/format.ts';
import { type GridColumn, textGrid, wrapText } from '../report/text-grid.ts';
import type { AccuracyResult, AccuracyRow } from './accuracy-run.ts';

const WIDTH = 120;

interface Column {
  heading: [string, string, string];
  align: GridColumn['align'];
  text(row: AccuracyRow): string;
}

/** The result for a terminal. */
export function accuracyTable(result: AccuracyResult): string {
  const { plan, rows, tokens, tokensFrom, floatText } = result;
  const columns = [
    ...nameColumns(rows),
    ...engineColumns,
    ...(plan.against === null ? [] : weightsColumns(plan.against, floatText?.nll ?? null)),
    ...(plan.baseline === null
      ? []
      : divergenceColumns(
          `against ${plan.baseline.axis}=${plan.baseline.value}`,
          (row) => row.baseline,
        )),
  ];
  const grid = textGrid(
    columns,
    rows.map((row) => columns.map((column) => column.text(row))),
  );
  const devices = new Set(rows.flatMap(({ device }) => (device === null ? [] : [device])));
  const head = `${plainText(result.model)}  (sha256 ${result.modelSha256.slice(0, 12)})`;
  const lines = [
    head,
    `${tokens.length} positions, tokens: ${plainText(tokensFrom)}`,
    ...[...devices].map((device) => `device: ${plainText(device)}`),
    ...(floatText === null
      ? []
      : [
          `${plan.against} weights: ${formatNumber(floatText.nll)} nats a token, ` +
            `perplexity ${formatNumber(floatText.perplexity)}`,
        ]),
    '',
    ...grid,
    '',
    ...legend(result),
    ...rows.flatMap(remarks),
  ];
  return `${lines.join('\n')}\n`;
}

function nameColumns(rows: readonly AccuracyRow[]): Column[] {
  const columns: Column[] = [
    {
      heading: ['', 'weights', 'KV act'],
      align: 'left',
      text: ({ variant, run }) => {
        const { weights, kv, activations } = variant ?? run.variant;
        return `${weights} ${kv} ${activations}`;
      },
    },
    {
      heading: ['', 'backend', ''],
      align: 'left',
      text: ({ run: { backend, host } }) => (host === 'node' ? backend : `${backend} in ${host}`),
    },
  ];
  if (rows.some(({ run }) => run.phase !== 'prefill')) {
    columns.push({ heading: ['', 'phase', ''], align: 'left', text: ({ run }) => run.phase });
  }
  return columns;
}

const STATUS = { unsupported: 'unsupported', failed: 'failed', ok: 'n/a' } as const;

const engineColumns: readonly Column[] = [
  {
    heading: ['engine', 'NMSE', ''],
    align: 'right',
    text: ({ engine, status }) => (engine === null ? STATUS[status] : formatNumber(engine.nmse)),
  },
  figure(['', 'max', '|error|'], ({ engine }) => engine && formatNumber(engine.maxAbs)),
  figure(['', 'KL', 'mean'], ({ engine }) => engine && formatNumber(engine.kl.mean)),
  figure(['', 'top-1', '%'], ({ engine }) => engine && percent(engine.topOne)),
];

function weightsColumns(format: string, nll: number | null): Column[] {
  return [
    ...divergenceColumns(`against ${format} weights`, (row) => row.weights),
    figure(['', 'NLL', 'change'], ({ text }) =>
      text === null || nll === null ? null : signed(text.nll - nll),
    ),
  ];
}

function divergenceColumns(
  title: string,
  of: (row: AccuracyRow) => ComparisonSummary | null,
): Column[] {
  return [
    figure([title, 'KL', 'mean'], (row) => estimate(of(row)?.kl)),
    figure(['', 'KL', 'p99'], (row) => number(of(row)?.kl.p99)),
    figure(['', 'top-1', '%'], (row) => {
      const summary = of(row);
      return summary && percent(summary.topOne);
    }),
  ];
}

function figure(heading: Column['heading'], text: (row: AccuracyRow) => string | null): Column {
  return { heading, align: 'right', text: (row) => text(row) ?? '-' };
}

function number(value: number | undefined): string | null {
  return value === undefined ? null : formatNumber(value);
}

function estimate(kl: ComparisonSummary['kl'] | undefined): string | null {
  if (kl === undefined) return null;
  const [low, high] = kl.interval ?? [null, null];
  return formatEstimate({ median: kl.mean, low, high });
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${formatNumber(Math.abs(value))}`;
}

function legend({ plan, rows }: AccuracyResult): string[] {
  const others = rows.flatMap(({ weights, baseline }) => [weights, baseline]);
  const hasIntervals = others.some((summary) => summary?.kl.interval);
  const sentences = [
    'engine: against the reference, which sums in f64, with the same weights and cache format.',
    'KL: divergence of the predicted distributions in nats.',
    ...(hasIntervals ? ['±: half of the 95 % interval of a mean, by block bootstrap.'] : []),
    'top-1: positions at which the likeliest token is the same.',
    ...(plan.against === null && plan.baseline === null ? [] : ['p99: of these positions.']),
    ...(plan.against === null
      ? []
      : ['NLL: nats a token of the text, less those of the float weights.']),
  ];
  return wrapText(sentences.join(' '), WIDTH);
}

/** Why a row has no figures, or which gates it fails. */
function remarks({ run, reason, problems, variant }: AccuracyRow): string[] {
  const { weights, kv, activations } = variant ?? run.variant;
  const name = `${weights} ${kv} ${activations} ${run.backend}`;
  const texts = [
    ...(reason === null ? [] : [`${reason.code}: ${reason.message} ${reason.hint ?? ''}`]),
    ...problems,
  ];
  return texts.flatMap((text) => wrapText(plainText(`${name}: ${text}`), WIDTH, '  '));
}
