import type { KernelValidation, KernelValidationRecord } from '../core/kernel-record.ts';
import { plainText } from './format.ts';
import { formatNmse } from './kernel-rows.ts';
import { textGrid, wrapText } from './text-grid.ts';

const WIDTH = 130;

/** What was validated on which configurations, for a terminal: cases, accuracy by precision, failures in full. */
export function renderValidation(records: readonly KernelValidationRecord[]): string {
  if (records.length === 0) return '';
  const failures = records.flatMap(failureLines);
  const lines = [
    'Validation against the f64 oracle. Each case runs with bindings that end where the data ends and with',
    'bindings that reach past it; outputs start as NaN, and what lies behind them must stay as it is.',
    '',
    'Cases that ran, by how the device was opened:',
    ...casesGrid(records),
    ...reasonLines(records),
    '',
    'Accuracy, the worst of all runs: Σ(got − want)² / Σ want². 0 where results are compared bit for bit.',
    ...accuracyGrid(records),
    ...(failures.length === 0 ? [] : ['', 'WRONG:', ...failures]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Cases that were wrong, counted once whatever the bindings. */
function wrongCases({ failures }: KernelValidation): number {
  return new Set(failures.map((failure) => failure.case)).size;
}

/** Kernel names in order of appearance over all configurations. */
function kernelNames(records: readonly KernelValidationRecord[]): string[] {
  return [...new Set(records.flatMap(({ kernels }) => kernels.map(({ kernel }) => kernel)))];
}

function casesGrid(records: readonly KernelValidationRecord[]): string[] {
  const columns = [
    { heading: ['kernel'], align: 'left' },
    ...records.map(({ configuration }) => ({
      heading: [configuration],
      align: 'right' as const,
    })),
  ] as const;
  const reasons = reasonNumbers(records);
  const rows = kernelNames(records).map((kernel) => [
    kernel,
    ...records.map(({ kernels }) => {
      const found = kernels.find((one) => one.kernel === kernel);
      return found ? casesText(found, reasons) : '-';
    }),
  ]);
  return textGrid(columns, rows);
}

/** `12`; `9 + 3 n/a (1)` where three could not run for reason 1; `12, 2 WRONG`. */
function casesText(validation: KernelValidation, reasons: ReadonlyMap<string, number>): string {
  const { cases, notRunnable } = validation;
  const missing = notRunnable.reduce((sum, one) => sum + one.cases, 0);
  const numbers = notRunnable
    .map(({ reason }) => reasons.get(reason) ?? 0)
    .sort((a, b) => a - b)
    .join(',');
  const wrong = wrongCases(validation);
  return [
    String(cases),
    missing > 0 ? ` + ${missing} n/a (${numbers})` : '',
    wrong > 0 ? `, ${wrong} WRONG` : '',
  ].join('');
}

function reasonNumbers(records: readonly KernelValidationRecord[]): Map<string, number> {
  const reasons = records.flatMap(({ kernels }) =>
    kernels.flatMap(({ notRunnable }) => notRunnable.map(({ reason }) => reason)),
  );
  return new Map([...new Set(reasons)].map((reason, i) => [reason, i + 1]));
}

function reasonLines(records: readonly KernelValidationRecord[]): string[] {
  const reasons = reasonNumbers(records);
  if (reasons.size === 0) return [];
  return [
    'n/a, not runnable there:',
    ...[...reasons].map(([reason, number]) => `  (${number}) ${plainText(reason)}`),
  ];
}

/** The worst error of each kernel by what rounds on its way, over all configurations. */
function accuracyGrid(records: readonly KernelValidationRecord[]): string[] {
  const rows = kernelNames(records).flatMap((kernel) => {
    const paths = new Map<string, { cases: number; nmse: number }>();
    for (const { kernels } of records) {
      for (const { path, cases, nmse } of kernels.find((k) => k.kernel === kernel)?.paths ?? []) {
        const known = paths.get(path) ?? { cases: 0, nmse: 0 };
        paths.set(path, { cases: known.cases + cases, nmse: Math.max(known.nmse, nmse) });
      }
    }
    return [...paths]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { cases, nmse }], i) => [
        i === 0 ? kernel : '',
        path,
        String(cases),
        formatNmse(nmse),
      ]);
  });
  return textGrid(
    [
      { heading: ['kernel'], align: 'left' },
      { heading: ['precision path'], align: 'left' },
      { heading: ['runs'], align: 'right' },
      { heading: ['worst NMSE'], align: 'right' },
    ],
    rows,
  );
}

function failureLines({ configuration, kernels }: KernelValidationRecord): string[] {
  return kernels.flatMap(({ failures }) =>
    failures.flatMap((failure) =>
      wrapText(
        `- ${configuration}, ${failure.bindings} bindings: ${plainText(failure.message)}`,
        WIDTH,
        '  ',
      ),
    ),
  );
}
