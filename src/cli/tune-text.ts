import { operationName } from '../../bench/kernels/operation-cost.ts';
import { choiceId } from '../../bench/kernels/search.ts';
import type { Tuning } from '../hosts/node/tuning-state.ts';
import { counted, formatNumber, plainText } from '../report/format.ts';
import { textGrid } from '../report/text-grid.ts';

type Row = Tuning['outcomes'][number];

/** What `mtok tune` prints: operations with what was and what was found, then what was skipped and why. */
export function tuneText({ device, outcomes }: Tuning): string {
  const right = (...heading: string[]) => ({ heading, align: 'right' }) as const;
  const grid = textGrid(
    [
      { heading: ['operation', ''], align: 'left' },
      right('default', 'ms'),
      right('tuned', 'ms'),
      right('gain', ''),
      right('tried', ''),
      right('skipped', ''),
      { heading: ['choice', ''], align: 'left' },
    ],
    outcomes.map(cellsOf),
  );
  const unreached = outcomes.filter(({ outcome }) => outcome.status === 'not-reached').length;
  const notes = [
    ...(device.kind === 'gpu' ? [] : ['software adapter: its timings are not a GPU’s']),
    ...(unreached === 0
      ? []
      : [
          `${counted(unreached, 'operation')} not reached: run again to go on, or give more --budget`,
        ]),
    ...outcomes.flatMap(skippedLines),
  ];
  return `${[plainText(device.name), '', ...grid, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

/** The same for scripts. */
export function tuneJson({ device, table, path, outcomes }: Tuning): string {
  const list = outcomes.map(({ operation, outcome }) => ({
    name: operationName(operation),
    operation,
    ...outcome,
  }));
  const { adapter, kernelsSha256 } = table;
  return `${JSON.stringify({ device, adapter, kernelsSha256, path, operations: list }, null, 2)}\n`;
}

function cellsOf({ operation, outcome }: Row): string[] {
  const name = operationName(operation);
  if (outcome.status === 'not-reached') return [name, '', '', '', '', '', 'not reached'];
  if (outcome.status === 'failed') {
    return [name, '', '', '', '', '', `failed: ${outcome.code}`];
  }
  const { ms, defaultMs, tried, skipped, choice } = outcome.entry;
  const gain = defaultMs === null ? 'n/a' : `${(defaultMs / ms).toFixed(2)}×`;
  return [
    name,
    defaultMs === null ? 'n/a' : formatNumber(defaultMs),
    formatNumber(ms),
    gain,
    String(tried),
    String(skipped.length),
    `${choiceId(choice)}${outcome.status === 'kept' ? ' (tuned before)' : ''}`,
  ];
}

function skippedLines({ operation, outcome }: Row): string[] {
  const name = operationName(operation);
  if (outcome.status === 'failed') return [`${name}: ${plainText(outcome.message)}`];
  if (outcome.status === 'not-reached') return [];
  return outcome.entry.skipped.map(
    ({ choice, reason }) => `${name}: skipped ${choiceId(choice)}: ${plainText(reason)}`,
  );
}
