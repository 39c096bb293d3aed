import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Cuts a file that is larger than `limitBytes` into parts of at most that, `<path>.part1` and so on, which `cat`
 * joins again, and deletes it; parts of an earlier one go too. Returns the paths of what is there now.
 */
export async function splitFile(path: string, limitBytes: number): Promise<string[]> {
  const { size } = await stat(path);
  for (const name of await readdir(dirname(path))) {
    const suffix = name.startsWith(basename(path)) ? name.slice(basename(path).length) : '';
    if (/^\.part\d+$/.test(suffix)) await rm(join(dirname(path), name));
  }
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
