import type { Browser } from 'puppeteer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserArgs } from '../../src/hosts/chromium/browser-args.ts';
import { findBrowser } from '../../src/hosts/chromium/find-browser.ts';
import { launchBrowser } from '../../src/hosts/chromium/puppeteer.ts';
import { runOnPage } from '../../src/hosts/chromium/run-page.ts';
import { defaultCacheDir } from '../../src/hosts/node/cache-dir.ts';
import type { PageTask } from '../../src/hosts/page-task.ts';

let browser: Browser;
beforeEach(async () => {
  const found = await findBrowser(defaultCacheDir());
  const machine = {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isBundled: found.source === 'bundled',
  };
  browser = await launchBrowser(found, browserArgs('software', machine));
});
afterEach(() => browser.close());

/** Runs a generation on a page whose script is `script`. */
function run(script: string, url?: string): Promise<unknown> {
  const page = `data:text/html,<script type="module">${encodeURIComponent(script)}</script>`;
  const task = { type: 'generate', input: {}, model: {}, details: {} };
  return runOnPage(browser, url ?? page, task as unknown as PageTask<'generate'>, () => {});
}

describe('a page that fails', () => {
  it('passes its coded error on', async () => {
    const error = { code: 'device-lost', message: 'gone', hint: 'again' };
    const script = `mtokSend({ type: 'error', error: ${JSON.stringify(error)} })`;
    await expect(run(script)).rejects.toMatchObject({ name: 'BenchError', ...error });
  });

  it('is not believed when its messages are malformed', async () => {
    for (const message of [
      { type: 'nonsense' },
      { type: 'message', message: 'no token' },
      { type: 'result', result: { tokens: ['1'] } },
    ]) {
      await expect(run(`mtokSend(${JSON.stringify(message)})`)).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining('Malformed'),
      });
    }
  });

  it('reports what the page threw, with its console', async () => {
    const script = `console.log('about to fail'); throw new Error('oh no')`;
    await expect(run(script)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/oh no[\s\S]*about to fail/),
    });
  });

  it('says that it crashed', async () => {
    await expect(run('', 'chrome://crash')).rejects.toMatchObject({ code: 'crashed' });
  });

  it('says that the browser ended', async () => {
    const running = run('');
    const expected = expect(running).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringContaining('browser ended'),
    });
    setTimeout(() => browser.process()?.kill('SIGKILL'), 500);
    await expected;
  });
});
