import { BenchError } from '../../core/errors.ts';
import type { ByteSource } from '../../core/host.ts';

/**
 * A resource on a server that answers range requests, read piece by piece.
 * @throws `io` when it is not there, has no length, or the server ignores ranges.
 */
export async function openHttpSource(url: string, name: string = url): Promise<ByteSource> {
  const head = await request(url, { method: 'HEAD' }, name);
  const size = Number(head.headers.get('content-length') ?? Number.NaN);
  if (!head.ok || !Number.isSafeInteger(size)) {
    throw new BenchError('io', `Cannot open ${name}: HTTP ${head.status}, ${size} bytes`);
  }
  return {
    name,
    size,
    async read(offset, length) {
      if (length === 0) return new Uint8Array(0);
      const range = `bytes=${offset}-${offset + length - 1}`;
      const response = await request(url, { headers: { range } }, name);
      if (response.status !== 206) {
        throw new BenchError('io', `${name}: ${range} of ${size} gave HTTP ${response.status}`);
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.length !== length) {
        throw new BenchError('io', `${name}: ${range} gave ${bytes.length} bytes, not ${length}`);
      }
      return bytes;
    },
    close: async () => {},
  };
}

async function request(url: string, init: RequestInit, name: string): Promise<Response> {
  try {
    return await fetch(url, { ...init, cache: 'no-store' });
  } catch (cause) {
    throw new BenchError('io', `Cannot read ${name}: ${String(cause)}`, { cause });
  }
}
