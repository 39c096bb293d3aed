import type { PhaseProfile, Profile } from '../core/profile.ts';
import type { BenchRecord } from '../core/record.ts';
import { backendName, formatsName } from './columns.ts';
import { counted, formatMegabytes, formatNumber, plainText } from './format.ts';
import { escapeMarkdown, type MarkdownColumn, markdownTable } from './markdown-text.ts';
import type { Row } from './result-tables.ts';
import { textGrid, wrapText } from './text-grid.ts';

/** What an engine's launches are held to. */
const MOST_DISPATCHES_PER_LAYER = 10;
const MOST_ENCODE_US_PER_DISPATCH = 8;

const COLUMNS: readonly MarkdownColumn[] = [
  { title: 'role', align: 'left' },
  { title: 'kernel', align: 'left' },
  { title: 'dispatches', align: 'right' },
  { title: 'ms', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'MB', align: 'right' },
  { title: 'GB/s', align: 'right' },
];

/** Where the time of a decode step and of a prefill goes, for a terminal; no lines for records without a profile. */
export function profileLines(records: readonly BenchRecord[], width: number): string[] {
  return records.flatMap((record) => {
    const { profile } = record;
    if (profile === null) return [];
    const of = plainText(`${record.cell.model} ${formatsName(record)} ${backendName(record)}`);
    const columns = COLUMNS.map(({ title, align }) => ({ heading: [title], align }));
    return phases(profile).flatMap(({ name, phase, layers }) => [
      '',
      ...wrapText(`Profile of ${of}: ${title(name, phase)}`, width),
      ...textGrid(columns, kernelRows(phase)),
      ...wrapText(summary(phase, layers), width),
    ]);
  });
}

/** The same as sections of a document; null where no record has a profile. */
export function profileSection(rows: readonly Row[]): string | null {
  const sections = rows.flatMap(({ number, record: { profile } }) =>
    profile === null
      ? []
      : phases(profile).flatMap(({ name, phase, layers }) => [
          `**Row ${number}**: ${escapeMarkdown(title(name, phase))}`,
          markdownTable(
            COLUMNS,
            kernelRows(phase).map((cells) => cells.map(escapeMarkdown)),
          ),
          escapeMarkdown(summary(phase, layers)),
        ]),
  );
  return sections.length === 0 ? null : sections.join('\n\n');
}

function phases({ decode, prefill, dispatchesPerLayer }: Profile) {
  return [
    { name: 'decode step', phase: decode, layers: dispatchesPerLayer },
    { name: 'prefill', phase: prefill, layers: null },
  ];
}

function title(name: string, { rows, position, clock }: PhaseProfile): string {
  const timed = clock === 'gpu' ? "by the device's clock" : "by the host's clock over many runs";
  return `${name} of ${counted(rows, 'token')} behind ${position} cached, kernels timed ${timed}`;
}

function kernelRows({ kernels }: PhaseProfile): string[][] {
  return kernels.map(({ role, kernel, dispatches, ms, share, bytes, gbPerSecond }) => [
    role,
    kernel,
    String(dispatches),
    formatNumber(ms),
    `${(100 * share).toFixed(1)}%`,
    bytes === null ? 'n/a' : formatMegabytes(bytes),
    gbPerSecond === null ? 'n/a' : formatNumber(gbPerSecond),
  ]);
}

/** What the step takes as a whole, and what of it is the host's. */
function summary(phase: PhaseProfile, perLayer: number | null): string {
  const { deviceMs, stepMs, encodeUs, encodeUsPerDispatch, syncMs, dispatches, submits } = phase;
  const layer =
    perLayer === null
      ? ''
      : `, ${formatNumber(perLayer)} a layer (goal: below ${MOST_DISPATCHES_PER_LAYER})`;
  return (
    `${counted(dispatches, 'dispatch')} in ${counted(submits, 'submit')}${layer}. From the first command to the ` +
    `token on the host ${formatNumber(stepMs)} ms: device ${formatNumber(deviceMs)} ms, sync ` +
    `${formatNumber(syncMs)} ms, encode ${formatNumber(encodeUs)} µs or ${formatNumber(encodeUsPerDispatch)} µs ` +
    `a dispatch (goal: at most ${MOST_ENCODE_US_PER_DISPATCH}).`
  );
}
