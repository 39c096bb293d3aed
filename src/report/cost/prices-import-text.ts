import type { Catalogue } from '../../economics/prices/catalogue.ts';
import type { RecordCounts } from '../../economics/prices/record-prices.ts';
import { counted, plainText } from '../format.ts';
import { wrapText } from '../text-grid.ts';

const WIDTH = 100;

/** What an import read and what became of it. */
export interface ShownImport extends RecordCounts {
  file: string;
  format: string;
  asOf: string | null;
  /** The book that was written. */
  out: string;
  /** Of the book as it is now. */
  sha256: string;
  read: Catalogue;
}

/** `mtok prices import` for a terminal. */
export function renderPriceImport(shown: ShownImport): string {
  const { file, format, asOf, out, sha256, added, changed, unchanged, read } = shown;
  const day = asOf === null || format === 'book' ? '' : `, as of ${asOf}`;
  const what = `${counted(read.gpus.length, 'GPU offer')} and ${counted(read.apis.length, 'API price')}`;
  const lines = [
    ...wrapText(`${file} (${format}${day}): ${what}.`, WIDTH),
    ...skippedLines(read),
    ...wrapText(
      `${plainText(out)}: ${added} added, ${changed} changed, ${unchanged} unchanged. ` +
        `Price book ${sha256.slice(0, 12)}.`,
      WIDTH,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function skippedLines({ skipped }: Catalogue): string[] {
  if (skipped.size === 0) return [];
  const parts = [...skipped]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} (${plainText(reason)})`);
  return wrapText(`Left out: ${parts.join(', ')}.`, WIDTH);
}
