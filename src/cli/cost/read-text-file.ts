import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BenchError } from '../../core/errors.ts';
import { plainText } from '../../report/format.ts';

/** What a file is for: messages say it. */
export interface TextFileRule {
  /** `a usage file`. */
  what: string;
  maxBytes: number;
  /** What to do where it is larger. */
  tooLarge?: string;
}

/** Reads a text file of a user. Throws `io` for what cannot be read, `usage` for what is too large or no text. */
export async function readTextFile(path: string, rule: TextFileRule): Promise<string> {
  const where = plainText(path);
  const bytes = await readBytes(path, where, rule);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BenchError('usage', `${where} is no text in UTF-8, expected ${rule.what}`, { cause });
  }
}

async function readBytes(path: string, where: string, rule: TextFileRule): Promise<Buffer> {
  const { what, maxBytes } = rule;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      throw new BenchError('io', `${where} is a folder, expected ${what}`);
    }
    if (stats.size > maxBytes) throw tooManyBytes(where, `${stats.size}`, rule);
    return await readAtMost(path, where, rule);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new BenchError('io', `Cannot read ${where}: ${why}`, { hint: `Give ${what}.`, cause });
  }
}

/** Pipes and devices do not say how much they hold, and may have no end. */
async function readAtMost(path: string, where: string, rule: TextFileRule): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    bytes += chunk.length;
    if (bytes > rule.maxBytes) throw tooManyBytes(where, `more than ${rule.maxBytes}`, rule);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function tooManyBytes(where: string, bytes: string, rule: TextFileRule): BenchError {
  const { what, maxBytes, tooLarge = 'Split it, or add up rows that are alike.' } = rule;
  return new BenchError(
    'usage',
    `${where} has ${bytes} bytes, expected ${what} of at most ${maxBytes}`,
    { hint: tooLarge },
  );
}
