import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * Cuts a file that is larger than `limitBytes` into parts of at most that, `<path>.part1` and so on, which `cat`
 * joins again, and deletes it. Returns the paths of what is there now.
 */
export async function splitFile(path: string, limitBytes: number): Promise<string[]> {
  const { size } = await stat(path);
  if (size <= limitBytes) return [path];
  const parts: string[] = [];
  for (let start = 0; start < size; start += limitBytes) {
    const part = `${path}.part${parts.length + 1}`;
    const end = Math.min(start + limitBytes, size) - 1;
    await pipeline(createReadStream(path, { start, end }), createWriteStream(part));
    parts.push(part);
  }
  await rm(path);
  return parts;
}
