import { open } from 'node:fs/promises';

/** A line with its 1-based number; `text` is null when the line is longer than allowed and was skipped. */
export interface Line {
  number: number;
  text: string | null;
  /** The file ends without a newline behind it: it may have been cut off. */
  isTorn: boolean;
}

/** The longest line that is read: a record of an hour-long cell has some megabytes of samples. */
export const MAX_LINE_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 1 << 16;
const NEWLINE = 10;

/** Lines of a UTF-8 file in order, never holding more than `maxBytes` of one. Throws the system's errors. */
export async function* readLines(path: string, maxBytes: number): AsyncGenerator<Line> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let held: Buffer[] = [];
    let heldBytes = 0;
    let number = 1;
    const take = (isTorn: boolean): Line => {
      const text = heldBytes > maxBytes ? null : Buffer.concat(held).toString('utf8');
      const line = { number, text, isTorn };
      held = [];
      heldBytes = 0;
      number += 1;
      return line;
    };
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) break;
      let from = 0;
      while (from < bytesRead) {
        const newline = chunk.subarray(0, bytesRead).indexOf(NEWLINE, from);
        const to = newline === -1 ? bytesRead : newline;
        heldBytes += to - from;
        if (heldBytes <= maxBytes) held.push(Buffer.from(chunk.subarray(from, to)));
        else held = [];
        if (newline !== -1) yield take(false);
        from = to + 1;
      }
    }
    if (heldBytes > 0) yield take(true);
  } finally {
    await file.close();
  }
}
