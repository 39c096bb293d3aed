import { BenchError } from '../../core/errors.ts';

const BLOCK = 512;

/** A regular file of an archive. */
export interface TarEntry {
  name: string;
  executable: boolean;
  bytes: Uint8Array;
}

/**
 * The regular files of a ustar archive, without its folders and links.
 * @throws `io` when it is truncated, a size is malformed or a name would leave the target folder.
 */
export function untar(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const name = text(header, 0, 100);
    const size = octal(header, 124, 12, name);
    const start = at + BLOCK;
    if (start + size > archive.length) throw malformed(`${name} ends after the archive does`);
    if (header[156] === 0 || header[156] === '0'.charCodeAt(0)) {
      if (name.startsWith('/') || name.split('/').includes('..')) throw malformed(`name ${name}`);
      const executable = (octal(header, 100, 8, name) & 0o100) !== 0;
      entries.push({ name, executable, bytes: archive.subarray(start, start + size) });
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, offset: number, length: number, name: string): number {
  const digits = text(header, offset, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw malformed(`number "${digits}" in the header of ${name}`);
  return Number.parseInt(digits, 8);
}

function malformed(what: string): BenchError {
  return new BenchError('io', `Malformed tar archive: ${what}`);
}
