import { BenchError } from '../core/errors.ts';

/** SHA-256 in hex of bytes that are in memory; works in Node and on a secure page. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new BenchError(
      'unsupported',
      'This page cannot compute SHA-256: crypto.subtle is absent',
      {
        hint: 'Serve the page from localhost or over HTTPS.',
      },
    );
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
