import { readFile, stat } from 'node:fs/promises';
import { BenchError } from '../../core/errors.ts';
import { plainText } from '../../report/format.ts';

/** The largest catalogue of a cloud has some 20 MB. */
export const MAX_PRICE_FILE_BYTES = 64 * 2 ** 20;

/** Reads a price file. Throws `io` for what cannot be read, `usage` for what is too large or no text. */
export async function readPriceText(path: string): Promise<string> {
  const where = plainText(path);
  let bytes: Buffer;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new BenchError('io', `${where} is a folder, expected a file`);
    if (stats.size > MAX_PRICE_FILE_BYTES) {
      throw new BenchError(
        'usage',
        `${where} has ${stats.size} bytes, expected a price file of at most ${MAX_PRICE_FILE_BYTES}`,
        { hint: 'Keep the rows of the GPUs and models that you price, and leave out the rest.' },
      );
    }
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new BenchError('io', `Cannot read ${where}: ${why}`, {
      hint: 'Give a price book or a catalogue file.',
      cause,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BenchError('usage', `${where} is no text in UTF-8`, { cause });
  }
}
