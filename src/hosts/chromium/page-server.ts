import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { BenchError, invariant } from '../../core/errors.ts';
import { MODEL_PATH, PAGE_PATH, ROWS_PATH } from '../page-task.ts';
import { serveRanges } from './model-server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface PageServerOptions {
  /** The packed model's file. */
  modelPath: string;
  /** Takes rows of logits, in order. */
  onRows?: (bytes: Uint8Array) => Promise<void>;
}

export interface PageServer {
  /** Address of the page. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the page, its modules (translated by Vite as they are asked for) and the packed model, to this
 * machine only.
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { createServer: createVite } = await import('vite');
  const vite = await createVite({
    root: ROOT,
    configFile: false,
    appType: 'custom',
    logLevel: 'silent',
    clearScreen: false,
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null, fs: { allow: [ROOT] } },
  });
  const server = createServer((request, response) => {
    // Isolated pages get a clock of 5 µs in place of 100 µs.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    answer(request, response, options).then(
      (isAnswered) => {
        if (!isAnswered) vite.middlewares(request, response, () => response.writeHead(404).end());
      },
      (error: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new BenchError('io', `Cannot serve the page: ${cause.message}`, { cause }));
    });
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  invariant(address !== null && typeof address === 'object', 'a TCP server has an address');
  return {
    url: `http://127.0.0.1:${address.port}${PAGE_PATH}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await vite.close();
    },
  };
}

/** Answers what is not a module; false leaves the request to Vite. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { modelPath, onRows }: PageServerOptions,
): Promise<boolean> {
  if (request.url === PAGE_PATH) {
    const page = await readFile(`${ROOT}${PAGE_PATH}`);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    return true;
  }
  if (request.url === MODEL_PATH) {
    await serveRanges(modelPath, request, response);
    return true;
  }
  if (request.url === ROWS_PATH && request.method === 'POST' && onRows) {
    for await (const chunk of request) await onRows(chunk as Uint8Array);
    response.writeHead(204).end();
    return true;
  }
  return false;
}
