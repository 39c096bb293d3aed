import type { BackendName, WeightFormat } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import { chooseAdapter, realSurroundings } from '../node/choose-adapter.ts';
import { openModel } from '../node/packed-cache.ts';
import type { PageModel, PageTask, PageTaskType } from '../page-task.ts';
import type { TaskTypes } from '../tasks.ts';
import { browserArgs } from './browser-args.ts';
import { type FoundBrowser, findBrowser } from './find-browser.ts';
import { type PageServerOptions, startPageServer } from './page-server.ts';
import type { Browser } from './puppeteer.ts';
import { launchBrowser } from './puppeteer.ts';
import { runOnPage } from './run-page.ts';

/** Engines whose code runs on a page. */
const PAGE_BACKENDS: readonly BackendName[] = ['wgsl', 'reference'];

/** What a task in a browser needs besides its own input. */
export interface BrowserWork<T extends PageTaskType> {
  type: T;
  input: TaskTypes[T]['input'];
  backend: BackendName;
  model: string;
  weights: WeightFormat;
  /** `--adapter`; null takes the best. */
  adapter: string | null;
  cacheDir: string;
  onRows?: PageServerOptions['onRows'];
  onMessage: (message: TaskTypes[T]['message']) => void;
}

/**
 * Packs the model, starts a browser and a server of its own, and runs the task on its page. `inspect` sees the
 * browser when the task is done, before it is closed.
 * @throws what the page throws; `unsupported` for an engine, adapter or machine that has no such page.
 */
export async function runInBrowser<T extends PageTaskType>(
  work: BrowserWork<T>,
  inspect: (browser: Browser, found: FoundBrowser) => Promise<void> = async () => {},
): Promise<TaskTypes[T]['result']> {
  checkBackend(work.backend);
  const kind = await adapterKind(work);
  const found = await findBrowser(work.cacheDir);
  const args = browserArgs(kind, {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isBundled: found.source === 'bundled',
  });
  const opened = await openModel(work.model, work.weights, { cacheDir: work.cacheDir });
  const { name, sha256 } = opened.model;
  const model: PageModel = { name, sha256, readMs: opened.readMs, packMs: opened.packMs };
  // Closed at once: the page reads the file itself. In the cache it stays.
  await opened.model.close();
  const server = await startPageServer({ modelPath: opened.path, onRows: work.onRows });
  try {
    const browser = await launchBrowser(found, args);
    try {
      const details = { browser: found.version, browserArgs: args.join(' ') };
      const task: PageTask<T> = { type: work.type, input: work.input, model, details };
      const result = await runOnPage(browser, server.url, task, work.onMessage);
      await inspect(browser, found);
      return result;
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

function checkBackend(backend: BackendName): void {
  if (PAGE_BACKENDS.includes(backend)) return;
  throw new BenchError('unsupported', `${backend} does not run on a page`, {
    hint: `Use --host node, or --backend ${PAGE_BACKENDS.join(' or ')}.`,
  });
}

/** Chromium takes the GPU or its own SwiftShader; other software drivers it refuses. */
async function adapterKind(work: {
  adapter: string | null;
  cacheDir: string;
}): Promise<'gpu' | 'software'> {
  const wanted = work.adapter ?? 'auto';
  if (wanted === 'swiftshader') return 'software';
  const choice = await chooseAdapter(wanted, realSurroundings(work.cacheDir)).catch(
    (error: unknown) => {
      // The browser brings its own software adapter, so `auto` finds one even so.
      if (wanted === 'auto') return { kind: 'software', label: 'none' } as const;
      throw error;
    },
  );
  if (choice.kind === 'software' && wanted !== 'auto') {
    throw new BenchError('unsupported', `Chromium does not take the adapter ${choice.label}`, {
      hint: 'Its own software adapter is --adapter swiftshader.',
    });
  }
  return choice.kind;
}
