import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../../core/errors.ts';
import { fromWireError, workerMessageSchema } from '../messages.ts';
import {
  type PageTask,
  type PageTaskType,
  pageMessageSchemas,
  pageResultSchemas,
} from '../page-task.ts';
import type { TaskTypes } from '../tasks.ts';
import type { Browser, Page } from './puppeteer.ts';

/** Lines of the page's console that explain a failure. */
const CONSOLE_LINES = 10;
/** A browser that ends fails its pages first and is seen to be gone a moment later: that is what there is to say. */
const DISCONNECT_MS = 500;

/**
 * Opens the page, gives it the task and waits for its result. What the page sends is checked first.
 * @throws the page's own error, `crashed` when the page or the browser died, `internal` for malformed messages.
 */
export async function runOnPage<T extends PageTaskType>(
  browser: Browser,
  url: string,
  task: PageTask<T>,
  onMessage: (message: TaskTypes[T]['message']) => void,
): Promise<TaskTypes[T]['result']> {
  const page = await browser.newPage();
  const lines: string[] = [];
  page.on('console', (message) => {
    lines.push(message.text().slice(0, 500));
    if (lines.length > CONSOLE_LINES) lines.shift();
  });
  const explained = (code: 'crashed' | 'internal', message: string): BenchError =>
    new BenchError(code, [message, ...lines].join('\n'), {
      hint: 'Run `mtok doctor`, or name another browser with CHROME_PATH.',
    });
  const ending = new Promise<never>((_, reject) => {
    page.on('error', (error) => reject(explained('crashed', `The page crashed: ${error.message}`)));
    page.on('pageerror', (error) => reject(explained('internal', `Error on the page: ${error}`)));
    browser.on('disconnected', () => reject(explained('crashed', 'The browser ended')));
  });
  return await Promise.race([conversation(page, url, task, onMessage), ending]);
}

function conversation<T extends PageTaskType>(
  page: Page,
  url: string,
  task: PageTask<T>,
  onMessage: (message: TaskTypes[T]['message']) => void,
): Promise<TaskTypes[T]['result']> {
  return new Promise((resolve, reject) => {
    const receive = async (raw: unknown): Promise<void> => {
      const message = workerMessageSchema.parse(raw);
      if (message.type === 'ready') await page.evaluate((sent) => window.mtokRun(sent), task);
      else if (message.type === 'error') reject(fromWireError(message.error));
      else if (message.type === 'message') {
        onMessage(pageMessageSchemas[task.type].parse(message.message) as never);
      } else {
        resolve(pageResultSchemas[task.type].parse(message.result) as TaskTypes[T]['result']);
      }
    };
    const guarded = (raw: unknown): Promise<void> =>
      receive(raw).catch((cause: unknown) => {
        const message = `Malformed message from the page: ${String(cause)}`;
        reject(new BenchError('internal', message, { cause }));
      });
    page
      .exposeFunction('mtokSend', guarded)
      .then(() => page.goto(url))
      .catch(async (cause: unknown) => {
        await sleep(DISCONNECT_MS);
        reject(new BenchError('crashed', `The page did not load: ${String(cause)}`, { cause }));
      });
  });
}
