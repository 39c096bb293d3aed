import { readTextFile, type TextFileRule } from './read-text-file.ts';

/** A book that is written must be read again. The largest catalogue of a cloud has some 20 MB. */
export const PRICE_FILE: TextFileRule = {
  what: 'a price book or a catalogue file',
  maxBytes: 64 * 2 ** 20,
  tooLarge: 'Keep the rows of the GPUs and models that you price, and leave out the rest.',
};

/** Reads a price file. Throws `io` for what cannot be read, `usage` for what is too large or no text. */
export function readPriceText(path: string): Promise<string> {
  return readTextFile(path, PRICE_FILE);
}
