import { cellName } from '../core/cell-name.ts';
import { METRICS } from '../core/comparison-metrics.ts';
import { LEAST_MARGIN } from '../core/comparison-verdict.ts';
import { MIN_NOISE_PAIRS, type NoiseRecord } from '../core/noise-record.ts';
import { formatNumber, plainText } from './format.ts';
import { type GridColumn, textGrid, wrapText } from './text-grid.ts';

const WIDTH = 110;
const COLUMNS: readonly GridColumn[] = [
  { heading: ['cell, A/A'], align: 'left' },
  { heading: ['metric'], align: 'left' },
  { heading: ['pairs'], align: 'right' },
  { heading: ['one launch', 'p95 %'], align: 'right' },
  { heading: ['all launches', 'p95 %'], align: 'right' },
  { heading: ['δ', '%'], align: 'right' },
];

/** Noise floors as text; an empty text where there are none. */
export function renderNoise(records: readonly NoiseRecord[]): string {
  if (records.length === 0) return '';
  const rows = records.flatMap(({ cell, floors }) =>
    floors.map(({ metric, logRatios, launchFloor, floor }) => [
      plainText(cellName(cell)),
      METRICS[metric].label,
      `${logRatios.length}`,
      percent(launchFloor),
      percent(floor),
      logRatios.length < MIN_NOISE_PAIRS
        ? 'n/a'
        : formatNumber(Math.max(LEAST_MARGIN, Math.expm1(floor)) * 100),
    ]),
  );
  const notes = [
    'Each cell was measured against itself, launches in turns. One launch: 95 % of pairs differ by less. All ' +
      'launches: 95 % of comparisons over as many pairs would find less. mtok compare takes the latter, at its own ' +
      'number of launches, as its margin δ where it is above 2 %.',
    ...(rows.some(([, , , , , margin]) => margin === 'n/a')
      ? [`Below ${MIN_NOISE_PAIRS} pairs a floor is not used. Use --launches 10.`]
      : []),
  ];
  return [
    ...textGrid(COLUMNS, rows),
    '',
    ...notes.flatMap((note) => wrapText(note, WIDTH)),
    '',
  ].join('\n');
}

function percent(logRatio: number): string {
  return formatNumber(Math.expm1(logRatio) * 100);
}
