import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveRanges } from '../../src/hosts/chromium/model-server.ts';
import { openHttpSource } from '../../src/hosts/web/http-source.ts';

const SIZE = 100_000;
const content = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31) & 255);
let folder = '';
let server: Server;
let address = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  await writeFile(join(folder, 'model'), content);
  server = createServer((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/whole') response.setHeader('content-length', SIZE).end(content);
    else void serveRanges(join(folder, 'model'), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('openHttpSource', () => {
  it('reads any range of what the server has, several at once', async () => {
    const source = await openHttpSource(`${address}/model`);
    expect(source.size).toBe(SIZE);
    const ranges = [
      [0, 1],
      [SIZE - 1, 1],
      [123, 65_537],
      [7, 0],
    ] as const;
    const read = await Promise.all(ranges.map(([offset, length]) => source.read(offset, length)));
    for (const [i, [offset, length]] of ranges.entries()) {
      expect(read[i]).toEqual(content.slice(offset, offset + length));
    }
  });

  it('names what it cannot read', async () => {
    const source = await openHttpSource(`${address}/model`, 'the model');
    await expect(source.read(SIZE - 1, 2)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/^the model: bytes=99999-100000 .*416/),
    });
    await expect(openHttpSource(`${address}/missing`)).rejects.toMatchObject({ code: 'io' });
    await expect(openHttpSource('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'io' });
  });

  it('refuses a server that ignores ranges', async () => {
    const source = await openHttpSource(`${address}/whole`);
    await expect(source.read(0, 10)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('HTTP 200'),
    });
  });
});
