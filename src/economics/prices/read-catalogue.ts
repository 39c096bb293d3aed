import { BenchError } from '../../core/errors.ts';
import { readBookFile } from './book-file.ts';
import type { Catalogue } from './catalogue.ts';
import { readLiteLlm } from './litellm.ts';
import { readSkyPilot } from './skypilot.ts';

export const PRICE_FORMATS = ['book', 'skypilot', 'litellm'] as const;
export type PriceFormat = (typeof PRICE_FORMATS)[number];

/** What a file is, by how it begins: a heading of SkyPilot's columns, an object without the lists of a book, else a book. */
export function detectPriceFormat(text: string): PriceFormat {
  const beginning = text.slice(0, 4096).replace(/^\uFEFF/, '');
  const [heading = ''] = beginning.split(/\r?\n/, 1);
  if (/(^|,)"?AcceleratorName"?(,|$)/.test(heading)) return 'skypilot';
  if (/^\s*\{/.test(beginning) && !/^\s*\{\s*"?(gpus|apis)"?\s*:/.test(beginning)) return 'litellm';
  return 'book';
}

export interface CatalogueFile {
  text: string;
  file: string;
  format: PriceFormat;
  /** Day on which the prices of a format without dates held; null: not given. */
  asOf: string | null;
  /** Cloud of a SkyPilot catalogue; null: not given. */
  provider: string | null;
}

/** Reads a price file of any format. Throws `usage` for what is malformed, and where a day or a provider is needed. */
export function readCatalogue(input: CatalogueFile): Catalogue {
  const { text, file, format, asOf, provider } = input;
  if (format === 'book') return { ...readBookFile(text, file), skipped: new Map() };
  if (asOf === null) {
    throw new BenchError('usage', `${file} has no dates: its prices need a day`, {
      hint: 'Give the day on which they held, such as --as-of 2026-11-21.',
    });
  }
  if (format === 'litellm') return readLiteLlm(text, { file, asOf });
  if (provider === null) {
    throw new BenchError('usage', `${file} does not say which cloud it is of`, {
      hint: 'Name the cloud, such as --provider lambda.',
    });
  }
  return readSkyPilot(text, { file, asOf, provider });
}
