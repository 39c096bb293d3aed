import type { PhaseDiagnostics } from '../core/diagnostics.ts';
import type { ProtocolRecord } from '../core/protocol-record.ts';
import { formatNumber } from './format.ts';
import { type MarkdownColumn, markdownTable } from './markdown-text.ts';
import { NAME_COLUMNS, type Row, rowNames } from './result-tables.ts';

const FIGURES = [
  'phase',
  '± of median',
  'CV of launches',
  'CV of repetitions',
  'MAD',
  'lag-1',
  'drift in launches',
  'drift over launches',
  'two modes',
  'outliers mild, severe',
];

/** How the samples behind the figures scattered, a line for each phase; null where no record tells. */
export function scatterTable(rows: readonly Row[]): string | null {
  const lines = rows.flatMap((row) => {
    const { diagnostics, protocol } = row.record;
    return (['prefill', 'decode'] as const).flatMap((phase) => {
      const found = diagnostics?.[phase] ?? null;
      return found === null
        ? []
        : [[...rowNames(row), ...phaseTexts(phase, found, protocol), stopText(protocol)]];
    });
  });
  if (lines.length === 0) return null;
  const figures: MarkdownColumn[] = FIGURES.map((title) => ({ title, align: 'right' }));
  return markdownTable([...NAME_COLUMNS, ...figures, { title: 'ended by', align: 'left' }], lines);
}

function phaseTexts(
  phase: 'prefill' | 'decode',
  found: PhaseDiagnostics,
  protocol: ProtocolRecord | null,
): string[] {
  return [
    phase,
    percent(protocol?.stop.halfWidth[phase] ?? null),
    percent(found.launchCv),
    percent(found.repetitionCv),
    percent(found.madShare),
    found.lag1 === null ? 'n/a' : found.lag1.toFixed(2),
    tested(found.driftInLaunches),
    tested(found.driftOverLaunches),
    tested(
      found.bimodality && { share: found.bimodality.separation, pValue: found.bimodality.pValue },
    ),
    found.outliers === null ? 'n/a' : `${found.outliers.mild}, ${found.outliers.severe}`,
  ];
}

/** `launch-cap (quick)`, with options that changed the preset. */
function stopText(protocol: ProtocolRecord | null): string {
  if (protocol === null) return 'n/a';
  const changed = protocol.overrides.length > 0 ? ', changed' : '';
  return `${protocol.stop.rule} (${protocol.preset}${changed})`;
}

/** `-1.2 % (p 0.03)` */
function tested(change: { share: number; pValue: number } | null): string {
  if (change === null) return 'n/a';
  return `${percent(change.share)} (p ${formatNumber(change.pValue)})`;
}

function percent(share: number | null): string {
  return share === null ? 'n/a' : `${(100 * share).toFixed(2)} %`;
}
