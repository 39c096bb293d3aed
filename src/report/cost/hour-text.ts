import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { plainText } from '../format.ts';
import { type GridColumn, textGrid, wrapText } from '../text-grid.ts';
import { intervalText, numberText } from './figure.ts';
import type { NamedFigures, ShownHour } from './hour-json.ts';
import { HOUR_LABELS, SECTION_TITLES } from './hour-labels.ts';

const WIDTH = 100;

/** What `mtok cost hour` prints: the items and their sum, what follows from it, how to use and how to read it. */
export function renderHour(shown: ShownHour): string {
  const { items, usdPerGpuHour, sections, notes } = shown;
  const lines = [
    ...wrapText(headline(shown), WIDTH),
    '',
    ...(usdPerGpuHour === null
      ? []
      : [...grid('USD/GPU-hour', { ...items, sum: usdPerGpuHour }), '']),
    ...Object.entries(sections).flatMap(([name, figures]) => [
      ...grid(SECTION_TITLES[name] ?? name, figures),
      '',
    ]),
    ...passOn(usdPerGpuHour),
    ...unknownLines(shown),
    ...notes.flatMap((note) => wrapText(`Note: ${plainText(note)}`, WIDTH)),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function headline({ kind, gpus, record }: ShownHour): string {
  if (record !== null) {
    return `Energy of ${plainText(record.name)} on ${plainText(record.device)}, record ${record.id}`;
  }
  const what = {
    edge: 'An hour of use of a device at the edge',
    energy: `Energy of ${gpus} GPU${gpus === 1 ? '' : 's'}`,
    spot: 'An hour that serves, of a GPU from a fleet with spot GPUs',
    committed: 'A GPU-hour used under a commitment',
    owned: `An hour of one of ${gpus} owned GPUs`,
    rented: 'An hour of a rented GPU',
  };
  return kind === 'owned' && gpus === 1
    ? 'An hour of an owned GPU'
    : what[kind as keyof typeof what];
}

function grid(title: string, figures: NamedFigures): string[] {
  const rows = Object.entries(figures).map(([name, quantity]) => [
    HOUR_LABELS[name] ?? name,
    isKnown(quantity) ? amountText(name, quantity.value) : isNever(quantity) ? 'never' : 'unknown',
    intervalText(quantity),
  ]);
  const columns: GridColumn[] = [
    { heading: [title], align: 'left' },
    { heading: [''], align: 'right' },
  ];
  const hasIntervals = rows.some(([, , interval]) => interval !== '');
  return hasIntervals
    ? textGrid([...columns, { heading: ['95 % interval'], align: 'left' }], rows)
    : textGrid(columns, rows);
}

/** A reason that is an answer: there is no such figure, ever. */
function isNever(quantity: Quantity): boolean {
  return !isKnown(quantity) && quantity.reason.startsWith('never');
}

/** Bills in cents; other figures in three digits. */
function amountText(name: string, value: number): string {
  return /Hours$|^(committed|unused|overflow|total)Usd$/.test(name)
    ? value.toFixed(2)
    : numberText(value);
}

function passOn(usdPerGpuHour: Quantity | null): string[] {
  if (usdPerGpuHour === null || !isKnown(usdPerGpuHour)) return [];
  return [`Pass it on: --gpu-price ${quantityOptionText(usdPerGpuHour)}`];
}

/** A figure as options and price books take it: `1.248573`, `1.25@1.1..1.4`. */
export function quantityOptionText({ value, low, high }: Quantity): string {
  const digits = (part: number | null) => Number((part ?? 0).toPrecision(7)).toString();
  return low === null || high === null
    ? digits(value)
    : `${digits(value)}@${digits(low)}..${digits(high)}`;
}

/** Each reason once, with what it keeps unknown. */
function unknownLines({ items, sections }: ShownHour): string[] {
  const names = new Map<string, string[]>();
  const groups: NamedFigures[] = [items, ...Object.values(sections)];
  for (const [name, quantity] of groups.flatMap((figures) => Object.entries(figures))) {
    if (isKnown(quantity)) continue;
    const reason = plainText(quantity.reason);
    names.set(reason, [...(names.get(reason) ?? []), HOUR_LABELS[name] ?? name]);
  }
  return [...names].flatMap(([reason, labels]) =>
    wrapText(
      reason.startsWith('never')
        ? `Never${reason.slice('never'.length)}.`
        : `Unknown, since ${reason}: ${labels.join('; ')}.`,
      WIDTH,
    ),
  );
}
