import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** The first and last byte that `bytes=first-last` asks for, or null when it is not within `size` bytes. */
export function parseRange(header: string | undefined, size: number): [number, number] | null {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header ?? '');
  if (!match) return null;
  const first = Number(match[1]);
  const last = Number(match[2]);
  return first <= last && last < size ? [first, last] : null;
}

/** Answers HEAD with a file's size, and GET with the range asked for: a model is never sent whole. */
export async function serveRanges(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'content-length': size, 'accept-ranges': 'bytes' }).end();
      return;
    }
    const range = parseRange(request.headers.range, size);
    if (!range) {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      return;
    }
    const [start, end] = range;
    response.writeHead(206, {
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${size}`,
    });
    await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
  } finally {
    await file.close();
  }
}
